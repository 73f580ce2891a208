"""The page of labels: forms, keys, Chinese, and pages of other sites."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.study.labelling.worlds import OPTIONS, task
from tests.untranslated import english

from palate.encode.labels.label_file import read_labels
from palate.study.labelling.session import LabelPlan, LabelSession

pytest.importorskip("starlette")
from starlette.testclient import TestClient

from palate.serve.labelling.page import MOST_BYTES, labelling_page
from palate.serve.labelling.server import serve_labels


class Ended:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> None:
        self.times += 1


def opened(path: Path, kind: Any = "label", **plan: Any) -> tuple[TestClient, LabelSession, Ended]:
    found, _ = task(path / "labels.jsonl", kind)
    session, ended = LabelSession(found, LabelPlan(**{"held_out": 3, **plan})), Ended()
    page = labelling_page(session, ended)
    client = TestClient(page, base_url="http://127.0.0.1:9", raise_server_exceptions=False)
    return client, session, ended


def item(session: LabelSession) -> str:
    return session.task.ids[session.next_item()[0]]


def test_an_item_its_options_and_a_label(tmp_path: Path) -> None:
    client, session, _ = opened(tmp_path)
    page = client.get("/")
    assert page.status_code == 200
    for option in OPTIONS:
        assert f'value="{option}"' in page.text
    assert "商品" in page.text
    assert 'accesskey="1"' in page.text
    first = item(session)
    after = client.post("/label", data={"item": first, "value": "wine"})
    assert after.url.path == "/"
    (kept,) = read_labels(session.task.path)
    assert (kept.item, kept.values, kept.held_out) == (first, ("wine",), True)
    client.post("/label", data={"item": item(session), "skip": "1"})
    assert read_labels(session.task.path)[1].skipped
    client.post("/back")
    client.post("/label", data={"item": item(session), "value": "books"})
    assert read_labels(session.task.path)[1].values == ("books",)


def test_in_chinese_texts_and_options_stay(tmp_path: Path) -> None:
    found, _ = task(tmp_path / "labels.jsonl")
    texts = ["Label", *found.texts[1:]]
    session = LabelSession(replace(found, texts=texts, titles=texts), LabelPlan(held_out=3))
    page = labelling_page(session, Ended(), "zh")
    client = TestClient(page, base_url="http://127.0.0.1:9")
    for _ in range(12):
        text = client.get("/").text
        shown = re.sub(r"<bdi>.*?</bdi>|<script.*?</script>|<[^>]*>", "\n", text, flags=re.DOTALL)
        assert not english(shown, str(session.task.path))
        session.give(session.row_of(item(session)), ["wine"])
    assert '<html lang="zh">' in text
    assert "<bdi>wine</bdi>" in text
    assert "\u53ef\u4ee5\u5173\u95ed" in client.post("/enough").text


def test_several_labels_and_none(tmp_path: Path) -> None:
    client, session, _ = opened(tmp_path, "labels")
    assert 'type="checkbox"' in client.get("/").text
    client.post("/label", data={"item": item(session), "value": ["wine", "books"]})
    client.post("/label", data={"item": item(session)})
    assert [one.values for one in read_labels(session.task.path)] == [("wine", "books"), ()]


def test_options_and_texts_cannot_become_markup(tmp_path: Path) -> None:
    found, _ = task(tmp_path / "labels.jsonl")
    bad = '<script>alert(1)</script>"'
    ids = [f"{bad}{j}" for j in range(300)]
    hostile = found.__class__(
        **{
            **vars(found),
            "texts": [bad] * 300,
            "titles": [bad] * 300,
            "ids": ids,
        }
    )
    client = TestClient(
        labelling_page(LabelSession(hostile, LabelPlan()), Ended()), base_url="http://localhost"
    )
    page = client.get("/")
    assert "<script>alert" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src 'self'" in policy
    assert page.headers["cache-control"] == "no-store"


def test_the_curve_is_shown_and_the_end_is_said(tmp_path: Path) -> None:
    client, session, ended = opened(tmp_path, budget=25, held_out=5, batch=10)
    while session.next_item() is not None:
        client.post("/label", data={"item": item(session), "value": "wine"})
    page = client.get("/").text
    assert "no more to label" in page
    assert "micro-F1" in page
    assert client.post("/enough").status_code == 200
    assert ended.times == 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.example"}, 403),
        ({"host": "evil.example"}, 403),
        ({"origin": "http://127.0.0.1:9"}, 303),
    ],
)
def test_pages_of_other_sites_are_refused(tmp_path: Path, headers, status: int) -> None:
    client, session, _ = opened(tmp_path)
    form = {"item": item(session), "value": "wine"}
    found = client.post("/label", data=form, headers=headers, follow_redirects=False)
    assert found.status_code == status
    assert session.task.path.exists() == (status == 303)


@pytest.mark.parametrize(
    "content",
    [
        b"item=nobody&value=wine",
        b"",
        b"item=%ff",
        "商".encode(),
        b"a" * (MOST_BYTES + 1),
        b"item=i0&value=shirts",
    ],
)
def test_what_is_no_form_of_the_page_is_refused(tmp_path: Path, content: bytes) -> None:
    client, session, _ = opened(tmp_path)
    assert 400 <= client.post("/label", content=content).status_code < 500
    assert not session.task.path.exists()


def test_files_of_the_shell_are_served_and_nothing_else(tmp_path: Path) -> None:
    client, _, _ = opened(tmp_path)
    page = client.get("/").text
    script = page.split('src="')[-1].partition('"')[0]
    assert "label.js" in script
    assert client.get(script).status_code == 200
    assert client.get("/assets/x/label.js").status_code == 404


def test_a_port_that_is_taken_is_an_error(tmp_path: Path) -> None:
    from palate.errors import BadInput

    found, _ = task(tmp_path / "labels.jsonl")
    with pytest.raises(BadInput, match="port"):
        serve_labels(LabelSession(found, LabelPlan()), 70_000, lambda url: None)


def test_it_listens_on_this_machine_alone_and_ends_when_somebody_says_so(tmp_path: Path) -> None:
    import threading

    import httpx

    found, _ = task(tmp_path / "labels.jsonl")
    session, address = LabelSession(found, LabelPlan()), []
    there = threading.Event()

    def started(url: str) -> None:
        address.append(url)
        there.set()

    running = threading.Thread(target=serve_labels, args=(session, 0, started), daemon=True)
    running.start()
    assert there.wait(10)
    assert address[0].startswith("http://127.0.0.1:")
    with httpx.Client(base_url=address[0], timeout=10) as client:
        assert client.get("/").status_code == 200
        assert client.post("/enough").status_code == 200
    running.join(10)
    assert not running.is_alive()
