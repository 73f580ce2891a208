"""Files of other services, made by hand as their documentation shows them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from palate.cli.main import main
from palate.errors import BadInput
from palate.serve.data_folder import EVENTS, RECORDS, open_engine
from palate.serve.engine.answers import ListRequest
from palate.serve.events.shapes import read_shape
from palate.serve.events.sqlite import SqliteEvents
from palate.serve.records.store import Records
from palate.tables import Event

GOLDEN = Path(__file__).parent / "golden"
TEN = 1714557600


def events(name: str, shape: str = "") -> list[Event]:
    found = read_shape(GOLDEN / name, shape)
    assert found is not None
    return [one.event for one in found.events]


def test_feedback_of_gorse() -> None:
    assert events("gorse-feedback.json") == [
        Event("u1", "i1", "star", TEN),
        Event("u1", "i2", "read", TEN, 3.0),
    ]


def test_items_and_users_of_gorse() -> None:
    items = read_shape(GOLDEN / "gorse-items.json")
    assert items is not None
    assert items.items["n1"].fields == {
        "title": "garden rose soil",
        "price": 3.5,
        "categories": ["garden"],
        "comment": "a rose",
    }
    assert items.items["n2"].hidden
    assert items.items["n2"].fields["labels"] == ["red", "old"]
    users = read_shape(GOLDEN / "gorse-users.jsonl")
    assert users is not None
    assert users.users == {"u1": {"language": "en"}, "u2": {"labels": ["new"]}}


def test_events_of_metarank() -> None:
    phone = {"device": "phone"}
    assert events("metarank.jsonl") == [
        Event("u1", "i3", "impression", TEN + 3, request="r1", position=1, context=phone),
        Event("u1", "i1", "impression", TEN + 3, request="r1", position=2, context=phone),
        Event("u1", "i1", "click", TEN + 4, request="r1"),
        Event("s2", "i2", "purchase", TEN + 5),
    ]
    found = read_shape(GOLDEN / "metarank.jsonl")
    assert found is not None
    assert [one.event_id for one in found.events] == ["r1-1", "r1-2", "e4", "e5"]
    assert found.items["n1"].fields == {"title": "garden rose", "genres": ["garden"], "price": 4}
    assert found.users == {"u1": {"language": "en"}}


def test_interactions_of_recombee() -> None:
    assert events("recombee.json") == [
        Event("u1", "i1", "view", TEN, request="ce52ada4"),
        Event("u1", "i2", "buy", TEN, 2.0),
        Event("u2", "i1", "rate", TEN, -0.5),
    ]
    assert events("recombee-batch.json") == [
        Event("u1", "i1", "cart", TEN),
        Event("u1", "i2", "bookmark"),
    ]


def test_other_logs_are_left_to_the_other_readers(tmp_path: Path) -> None:
    file = tmp_path / "log.json"
    for text in ('[{"user_id": 1, "item_id": 2}]', "[]", "{}", "no json", '["a"]', "7", "null"):
        file.write_text(text)
        assert read_shape(file) is None, text


@pytest.mark.parametrize(
    ("shape", "text", "says"),
    [
        ("gorse", '[{"FeedbackType": "a", "UserId": "u"}]', "object 1 is not understood"),
        ("metarank", '{"event": "interaction", "item": "i", "type": "a", "id": "1"}', "'user'"),
        ("metarank", '{"event": "ranking", "id": "1", "user": "u", "items": [{}]}', "'id'"),
        ("recombee", '[{"userId": "u", "itemId": "i", "timestamp": "soon"}]', "soon"),
        ("recombee", '[{"method": "PUT", "path": "/items/1", "params": {}}]', "no interaction"),
        ("gorse", "no json", "cannot be read"),
        ("other", "[]", "there is no shape"),
    ],
)
def test_what_is_not_understood_is_refused(
    tmp_path: Path, shape: str, text: str, says: str
) -> None:
    file = tmp_path / "log.json"
    file.write_text(text)
    with pytest.raises(BadInput, match=says):
        read_shape(file, shape)


def test_the_command_keeps_events_items_and_users_once(
    run_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "live"
    for _ in range(2):
        for file, shape in (("gorse-items.json", "gorse"), ("metarank.jsonl", "")):
            more = ["--shape", shape] if shape else []
            words = ["events", "import", str(GOLDEN / file), "--data", str(data), "--json", *more]
            assert main(words) == 0
    assert json.loads("[" + capsys.readouterr().out.replace("}\n{", "},{") + "]")[-1] == {
        "events": 4,
        "new": 0,
        "offset": 4,
        "items": 1,
        "users": 1,
    }
    store, records = SqliteEvents(data / EVENTS), Records(data / RECORDS)
    assert len(store.read()) == 4
    assert records.user("u1") == {"language": "en"}
    store.close()
    records.close()
    opened = open_engine(run_folder, data, "both")
    try:
        # of the run's catalogue: title, genres, price; what else was said is kept and not used
        assert opened.engine.item("n1")["price"] == 4
        found = opened.engine.search("garden rose", ListRequest(k=75))
        names = {one.item for one in found.items}
        assert "n1" in names
        assert "n2" not in names
    finally:
        opened.close()


@pytest.mark.parametrize(("more", "kept"), [([], "ask [email]"), (["--keep-personal-data"], None)])
def test_personal_data_are_not_imported_unless_that_is_said(
    tmp_path: Path, more: list[str], kept: str | None
) -> None:
    said, data = "ask ann@example.org", tmp_path / "live"
    item = {"ItemId": "n9", "IsHidden": False, "Labels": [], "Comment": said}
    file = tmp_path / "items.json"
    file.write_text(json.dumps([item]))
    words = ["events", "import", str(file), "--data", str(data), "--json", "--shape", "gorse"]
    assert main([*words, *more]) == 0
    records = Records(data / RECORDS)
    (record,) = records.items().records
    records.close()
    assert (kept or said) in record.fields.values()
