"""Each check finds its fault with row and example, and finds nothing where nothing is wrong."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.data.assemble import read_frames, read_unseen_frames
from palate.data.checks import CHECKS, check, check_path
from palate.data.checks.raw import view_of_tables
from palate.data.checks.scripts import script_shares
from palate.data.checks.view import View, counted, view_of
from palate.data.readers.frames import from_frame
from palate.data.settings import DataSettings
from palate.errors import BadInput, SeveralProblems
from palate.recipe.propose import guessed_recipe
from palate.tables import Dataset, Finding

DAY = 1_577_836_800
WORDS = ["amber", "birch", "cedar", "daisy", "elder", "fern", "grape", "hazel", "iris", "jade"]


def _log(n: int = 20, **columns: Any) -> pl.DataFrame:
    plain = {
        "user_id": [f"u{i % 4}" for i in range(n)],
        "item_id": [f"i{i % 5}" for i in range(n)],
        "rating": [float(1 + i % 5) for i in range(n)],
        "timestamp": [DAY + 60 * i for i in range(n)],
    }
    return pl.DataFrame({**plain, **columns})


def _items(n: int = 5, **columns: Any) -> pl.DataFrame:
    plain = {
        "item_id": [f"i{i}" for i in range(n)],
        "title": [f"the {WORDS[i]} story" for i in range(n)],
    }
    return pl.DataFrame({**plain, **columns})


def _raw(
    log: pl.DataFrame | None = None,
    items: pl.DataFrame | None = None,
    users: pl.DataFrame | None = None,
) -> list[Finding]:
    named = {"interactions": log, "items": items, "users": users}
    view, _ = view_of_tables({k: from_frame(f, k) for k, f in named.items() if f is not None})
    return [finding for look in CHECKS for finding in look(view)]


def _one(findings: list[Finding], code: str) -> Finding:
    found = [f for f in findings if f.code == code]
    assert len(found) == 1, [f.code for f in findings]
    return found[0]


def _with(values: list[Any], at: int, value: Any) -> list[Any]:
    return [*values[:at], value, *values[at + 1 :]]


def test_clean_data_has_no_findings() -> None:
    assert _raw(_log(), _items(), pl.DataFrame({"user_id": ["u0", "u1"], "age": [20, 30]})) == []
    assert check(read_frames(_log(), _items())) == []


@pytest.mark.parametrize("column", ["user_id", "item_id"])
def test_missing_ids(column: str) -> None:
    log = _log()
    finding = _one(
        _raw(log.with_columns(pl.Series(column, _with(log[column].to_list(), 6, None)))),
        "missing-ids",
    )
    assert finding.severity == "warning"
    assert finding.count == 1
    assert finding.examples[0].startswith("row 7: ")
    assert "no user" in finding.examples[0] or "no item" in finding.examples[0]
    assert finding.where == f"interactions, column {column}"


def test_missing_and_double_ids_of_a_catalogue() -> None:
    findings = _raw(_log(), _items(item_id=["i0", None, "i2", "i0", "i4"]))
    assert _one(findings, "missing-ids").where == "items, column item_id"
    double = _one(findings, "duplicate-items")
    assert (double.severity, double.count, double.examples) == ("warning", 1, ('row 4, item "i0"',))


def test_double_users() -> None:
    users = pl.DataFrame({"user_id": ["u0", "u0"], "age": [20, 30]})
    finding = _one(_raw(_log(), users=users), "duplicate-users")
    assert finding.severity == "warning"
    assert "drop" not in finding.advice
    assert read_frames(_log(), None, users).users is not None


@pytest.mark.parametrize(("count", "severity"), [(4, "warning"), (5, "error")])
def test_faulty_rows_are_as_grave_as_reading_takes_them(count: int, severity: str) -> None:
    """Rows without a rating and rows without an item count together, each row once."""
    log = _log(rating=[*[None] * count, *[3.0] * (20 - count)], item_id=[None, *["i"] * 19])
    codes = {"missing-ids", "bad-values"}
    assert {f.severity for f in _raw(log) if f.code in codes} == {severity}
    if severity == "error":
        with pytest.raises(SeveralProblems):
            read_unseen_frames(log, None, None, DataSettings())
    else:
        data, _ = read_unseen_frames(log, None, None, DataSettings())
        assert len(data.interactions) == 16


def _orderless() -> pl.DataFrame:
    rng = np.random.default_rng(0)
    items = np.sort(rng.integers(10, 40, (30, 5)), axis=1).ravel()
    return pl.DataFrame({"user_id": np.repeat(np.arange(30), 5), "item_id": items})


def test_an_order_that_is_none_is_a_warning() -> None:
    finding = _one(_raw(_orderless()), "no-order")
    assert finding.severity == "warning"
    assert "the item ids ascend" in finding.message
    assert _one(check(read_frames(_orderless())), "no-order").message == finding.message
    dated = _orderless().with_columns(timestamp=pl.Series(range(150)) * 60 + DAY)
    assert not [f for f in _raw(dated) if f.code == "no-order"]
    once = _orderless().with_columns(user_id=pl.Series(range(150)))
    assert not [f for f in _raw(once) if f.code == "no-order"]


def test_for_a_split_at_random_no_order_is_a_note() -> None:
    data = read_frames(_orderless())
    plain, at_random = check(data), check(data, at_random=True)
    finding = _one(at_random, "no-order")
    assert (finding.severity, finding.message) == ("note", _one(plain, "no-order").message)
    assert "looks at no order" in finding.advice
    others = [[f for f in found if f.code != "no-order"] for found in (plain, at_random)]
    assert others[0] == others[1]
    assert [f.severity for f in at_random] == sorted(
        (f.severity for f in at_random), key=["error", "warning", "note"].index
    )


def test_faulty_rows_do_not_hide_that_there_is_no_order() -> None:
    log = _orderless().with_columns(event=pl.Series(["view", None] * 75), rating=pl.lit("3"))
    values = ["3"] * 150
    values[7] = "none at all"
    assert _one(_raw(log.with_columns(rating=pl.Series(values))), "no-order").count == 149


@pytest.mark.parametrize(
    ("value", "code", "severity"),
    [
        ("x" * 1001, "long-ids", "error"),
        (" u0", "blank-ids", "warning"),
        ("u\u200b0", "blank-ids", "warning"),
        ("u\n0", "blank-ids", "warning"),
        ("NaN", "nothing-ids", "warning"),
        ("None", "nothing-ids", "warning"),
    ],
)
def test_odd_ids(value: str, code: str, severity: str) -> None:
    log = _log()
    finding = _one(
        _raw(log.with_columns(user_id=pl.Series(_with(log["user_id"].to_list(), 3, value)))), code
    )
    assert finding.severity == severity
    assert finding.where.endswith("first in row 4")
    assert finding.message.startswith("1 id ")


def test_values_that_are_none() -> None:
    values = ["1", "x", "", "nan", "inf", "1e39", *["3"] * 14]
    finding = _one(_raw(_log(rating=values)), "bad-values")
    assert finding.count == 5
    assert "(1 missing, 1 no number, 1 NaN, 2 infinite or too large)" in finding.message
    assert 'rating "x"' in finding.examples[0]
    assert finding.examples[0].startswith("row 2")
    assert len(finding.examples) == 5


def test_decimal_commas_have_their_own_advice() -> None:
    mixed = ["3,5", "x"] * 10
    assert "with a point" in _one(_raw(_log(rating=mixed)), "bad-values").advice
    assert "bad-values" not in {f.code for f in _raw(_log(rating=["3,5", "4"] * 10))}


@pytest.mark.parametrize(("value", "key"), [(99.0, "max_value = 5"), (-1.0, "min_value = 1")])
def test_a_value_for_no_rating(value: float, key: str) -> None:
    ratings = [float(1 + i % 5) for i in range(40)] + [value] * 20
    findings = _raw(_log(60, rating=ratings))
    finding = _one(findings, "placeholder-ratings")
    assert (finding.severity, finding.count) == ("warning", 20)
    assert f"20 of 60 events have the value {value:g}" in finding.message
    assert key in finding.advice
    assert finding.examples[0].startswith("row 41")
    # it is said once, and nothing is left out
    assert "zero-values" not in {f.code for f in findings}
    data = read_frames(_log(60, rating=ratings))
    assert len(data.interactions) == 60
    assert _one(check(data), "placeholder-ratings").count == 20
    assert any("20 of 60 events have the value" in why for why in guessed_recipe(data)["reasons"])


def test_plain_ratings_have_no_value_for_no_rating() -> None:
    data = read_frames(_log(60))
    assert "placeholder-ratings" not in {f.code for f in check(data)}
    assert not any("no rating" in why for why in guessed_recipe(data)["reasons"])


def test_zeros_among_ones() -> None:
    finding = _one(_raw(_log(rating=[float(i % 3 == 0) for i in range(20)])), "zero-values")
    assert (finding.severity, finding.count) == ("warning", 13)
    assert "min_value = 1.0" in finding.advice
    signed = _one(_raw(_log(rating=[-2.5, 4.0, float("nan"), 0.0, *[6.0] * 16])), "zero-values")
    assert signed.count == 2
    assert "2 of 19 events" in signed.message
    assert "relevant_min = 4.0, train_min = 4.0" in signed.advice
    assert not [f for f in _raw(_log(rating=[0.0, 1.0, 2.0, 3.0] * 5)) if f.code == "zero-values"]
    assert not [f for f in _raw(_log(rating=[1.0] * 20)) if f.code == "zero-values"]


def test_numbers_of_a_catalogue() -> None:
    items = _items(
        price=[1.0, float("inf"), float("nan"), None, 2.0], size=[1.0, 2.0, 3.0, 4.0, 6.0]
    )
    findings = _raw(_log(), items)
    assert _one(findings, "infinite-numbers").severity == "error"
    assert _one(findings, "nan-numbers").severity == "warning"
    assert _one(findings, "infinite-numbers").examples == ('row 2, item "i1"',)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "1970-01-01"),
        (-62_167_219_200, "year 0"),
        (253_402_300_799, "year 10000"),
        ((DAY + 60) * 1000, "mixed"),
        (DAY // 1000, "mixed"),
    ],
)
def test_impossible_times(value: int, words: str) -> None:
    log = _log()
    finding = _one(
        _raw(log.with_columns(timestamp=pl.Series(_with(log["timestamp"].to_list(), 9, value)))),
        "impossible-times",
    )
    assert finding.severity == "error"
    assert words in finding.message + finding.examples[0]
    assert finding.examples[0].startswith("row 10: ")


def test_a_placeholder_is_no_other_unit() -> None:
    log = _log(timestamp=[*["2020-01-01"] * 19, "9999-12-31"])
    assert "mixed" not in _one(_raw(log), "impossible-times").message


def test_the_future_is_a_warning() -> None:
    soon = int(time.time()) + 30 * 86_400
    log = _log(timestamp=[*[DAY + i for i in range(19)], soon])
    assert _one(_raw(log), "future-times").severity == "warning"


def test_ranks_are_no_clock() -> None:
    assert _raw(_log(timestamp=range(20))) == []
    assert (
        _one(_raw(_log(timestamp=[-1, *range(19)])), "impossible-times").message
        == "1 event has a negative time"
    )


def test_times_that_are_none() -> None:
    finding = _one(_raw(_log(timestamp=[*["2020-01-01 10:00"] * 19, "soon"])), "bad-times")
    assert 'timestamp "soon"' in finding.examples[0]


def test_ties() -> None:
    times = [DAY + i // 8 for i in range(20)]
    finding = _one(_raw(_log(timestamp=times)), "time-ties")
    assert finding.count == sum(
        1 for i in range(20) if [(j % 4, times[j]) for j in range(20)].count((i % 4, times[i])) > 1
    )
    assert finding.severity == "warning"
    few = [DAY + i for i in range(200)]
    few[4] = few[0]
    assert (
        _one(
            _raw(_log(200, timestamp=few, item_id=[str(i) for i in range(200)])), "time-ties"
        ).severity
        == "note"
    )


def test_duplicates() -> None:
    twice = pl.concat([_log(), _log().head(3)])
    findings = _raw(twice)
    exact = _one(findings, "exact-duplicates")
    assert (exact.severity, exact.count) == ("warning", 3)
    assert exact.examples[0].startswith("row 21")
    again = _log(timestamp=[DAY + i for i in range(20)], item_id=["i0"] * 10 + ["i1"] * 10)
    pairs = _one(_raw(again), "repeated-pairs")
    assert (pairs.severity, pairs.count) == ("note", 12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_duplicates_are_counted_right(pairs: list[tuple[int, int]]) -> None:
    frame = pl.DataFrame(pairs, schema=["user_id", "item_id"], orient="row")
    found = {f.code: f.count for f in check(read_frames(frame))}
    assert found.get("exact-duplicates", 0) == len(pairs) - len(set(pairs))


def test_unknown_and_unused_items() -> None:
    findings = _raw(_log(), _items(7).filter(pl.col("item_id") != "i2"))
    unknown = _one(findings, "unknown-items")
    assert (unknown.severity, unknown.count) == ("warning", 4)
    assert "4 of 20 events (20.0%) are with 1 item of which" in unknown.message
    unused = _one(findings, "unused-items")
    assert (unused.severity, unused.count) == ("note", 2)


def test_no_id_in_common_is_an_error() -> None:
    finding = _one(_raw(_log(), _items(item_id=["1", "2", "3", "4", "5"])), "no-common-items")
    assert finding.severity == "error"
    assert '"1", "2", "3"' in finding.advice


def test_unknown_items_of_a_data_set_are_those_without_fields() -> None:
    data = read_frames(_log(), _items(3))
    found = {f.code: f.count for f in check(data)}
    assert found["unknown-items"] == 8
    view = view_of(data)
    assert view.items is not None
    assert len(view.items.ids) == 3


def test_one_user_or_one_item() -> None:
    assert _one(_raw(_log(user_id=["u"] * 20)), "one-user").severity == "warning"
    assert _one(_raw(_log(item_id=["i"] * 20)), "one-item").advice.startswith("is item_column")


def test_texts() -> None:
    titles = ["the amber story", "the amber story", None, " ", "N/A"]
    findings = _raw(
        _log(),
        _items(
            title=titles,
            other=["one and two", "two and three", "three or four", "five of six", "a b c"],
        ),
    )
    empty = _one(findings, "empty-texts")
    assert (empty.severity, empty.count) == ("note", 2)
    assert "60.0%" in empty.message
    assert _one(findings, "repeated-texts").examples == ('"the amber story" for 2 items',)
    assert _one(findings, "placeholder-texts").examples == ('row 5, item "i4": N/A',)
    sparse = _raw(_log(), _items(title=["the amber story", None, None, None, None]))
    assert _one(sparse, "empty-texts").severity == "warning"


def test_html_control_characters_and_mojibake() -> None:
    titles = [
        "the <b>amber</b> story",
        "salt &amp; pepper here",
        "a \x07 bell rings",
        "FranÃ§ois and Ana",
        "a plain story",
    ]
    findings = _raw(_log(), _items(title=titles, tags=[["ok"], ["&lt;"], [], None, ["x"]]))
    html = {f.where: f.count for f in findings if f.code == "html"}
    assert html == {"items, column title": 2, "items, column tags": 1}
    assert _one(findings, "control-characters").examples == (
        'row 3, item "i2": a \\x07 bell rings',
    )
    assert _one(findings, "mojibake").count == 1


@pytest.mark.parametrize(
    "text",
    [
        "NÃO",
        "Ärger über Öl",
        "l'été à Paris",
        "naïve café",
        "Ångström",
        "10 € «ok»",
        "Привет",
        "日本",
    ],
)
def test_good_accents_are_no_mojibake(text: str) -> None:
    items = _items(title=[f"{text} story {i}" for i in range(5)])
    assert not [f for f in _raw(_log(), items) if f.code == "mojibake"]


@pytest.mark.parametrize("text", ["café", "naïve", "Ärger", "“quoted”", "Привет", "日本語"])
def test_every_wrongly_decoded_text_is_found(text: str) -> None:
    wrong = text.encode().decode("latin-1")
    items = _items(title=[f"{wrong} story {i}" for i in range(5)])
    found = {f.code for f in _raw(_log(), items)}
    assert found & {"mojibake", "control-characters"}


def test_scripts() -> None:
    texts = ["日本の本", "中文书", "한국어", "ελληνικά", "עברית", "عربي", "ไทย", "हिन्दी"]
    names = ["Arabic", "Chinese", "Greek", "Hebrew", "Indic", "Japanese", "Korean", "Thai"]
    assert script_shares(pl.Series(texts)) == dict.fromkeys(names, 1 / 8)
    assert script_shares(pl.Series(["123", None, "!"], dtype=pl.String)) == {}
    assert script_shares(pl.Series([], dtype=pl.String)) == {}
    mixed = _items(
        title=[
            "the amber story",
            "янтарь и берёза",
            "cedar and daisy",
            "elder and fern",
            "grape and hazel",
        ]
    )
    finding = _one(_raw(_log(), mixed), "language-mix")
    assert "Latin 80.0%, Cyrillic 20.0%" in finding.message


def test_fields_that_say_nothing() -> None:
    items = _items(shop=["x"] * 5, empty=pl.Series([None] * 5, dtype=pl.String))
    finding = _one(_raw(_log(), items), "constant-fields")
    assert finding.examples == ('shop: always "x"', "empty: empty")
    assert finding.count == 2


def test_errors_come_first() -> None:
    data = read_frames(_log(timestamp=[0, *[DAY] * 19]), _items(3, shop=["x"] * 3))
    severities = [f.severity for f in check(data)]
    assert severities == sorted(severities, key=["error", "warning", "note"].index)
    assert set(severities) == {"error", "warning", "note"}


@pytest.mark.parametrize("look", CHECKS, ids=lambda c: c.__name__)
def test_every_check_bears_an_empty_view(look: Any) -> None:
    assert list(look(View())) == []
    assert look.__doc__


def test_findings_are_complete() -> None:
    bad = _log(rating=["x"] * 20, timestamp=[DAY] * 20, user_id=[None, *["u"] * 19])
    for finding in _raw(bad, _items(title=["<b>a</b> b", None, None, None, None])):
        assert finding.code
        assert finding.message
        assert finding.where
        assert finding.count > 0
        assert len(finding.examples) <= 5
        assert all(len(e) < 200 for e in finding.examples)


def test_counting_words() -> None:
    assert counted(0, "row", "rows") == "0 rows"


def test_check_path_tells_how_it_read(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_bytes(b"\xef\xbb\xbfuser_id;item_id\nu;a\nv;b\n")
    notes = [f.message for f in check_path(tmp_path / "log.csv")]
    assert any("byte-order mark" in n for n in notes)
    assert any('";"' in n for n in notes)
    assert any('"user_id" is the user' in n for n in notes)


@pytest.mark.parametrize("name", ["items.csv", "users.csv", "log.csv"])
def test_check_path_takes_each_kind_of_table(tmp_path: Path, name: str) -> None:
    content = {
        "items.csv": "item_id,title\na,Ant\nb,Bee\n",
        "users.csv": "user_id,age\n1,20\n2,30\n",
        "log.csv": "user_id,item_id\n1,a\n2,b\n",
    }
    (tmp_path / name).write_text(content[name], encoding="utf-8")
    assert {f.severity for f in check_path(tmp_path / name)} <= {"note"}


def test_check_path_of_a_folder_joins_the_tables(tmp_path: Path) -> None:
    _log().write_csv(tmp_path / "log.csv")
    _items(3).write_parquet(tmp_path / "items.parquet")
    assert _one(check_path(tmp_path), "unknown-items").count == 8
    (tmp_path / "items.parquet").write_bytes(b"PAR1" + b"x" * 50)
    with pytest.raises(BadInput, match=r"items\.parquet"):
        check_path(tmp_path)


def test_lines_are_told_where_there_are_lines(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text("user_id,item_id\nu,a\n,b\n", encoding="utf-8")
    assert (
        _one(check_path(tmp_path / "log.csv"), "missing-ids")
        .examples[0]
        .startswith("row 2 (line 3): ")
    )


def test_checking_changes_nothing() -> None:
    data: Dataset = read_frames(_log(), _items())
    before = (data.interactions.frame(), data.catalogue.fields.clone())
    check(data)
    assert data.interactions.frame().equals(before[0])
    assert data.catalogue.fields.equals(before[1])


SHOWN = {
    "event": ["view", "buy"] * 10,
    "request_id": [i // 2 for i in range(20)],
    "slot": [1, 2] * 10,
    "propensity": [0.5, 1.0] * 10,
}


def test_what_was_shown_without_faults_has_no_findings() -> None:
    assert _raw(_log(**SHOWN), _items()) == []
    assert check(read_frames(_log(**SHOWN), _items())) == []


@pytest.mark.parametrize("wrong", [0.0, -0.5, 1.5, 1e-50])
def test_bad_propensities(wrong: float) -> None:
    columns = SHOWN | {"propensity": _with(SHOWN["propensity"], 6, wrong)}
    finding = _one(_raw(_log(**columns)), "bad-propensities")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert finding.examples[0].startswith("row 7: ")
    assert f'propensity "{wrong}"' in finding.examples[0]
    assert finding.where == "interactions, column propensity"


@pytest.mark.parametrize("wrong", [0, -3])
def test_bad_positions(wrong: int) -> None:
    columns = SHOWN | {"slot": _with(SHOWN["slot"], 3, wrong)}
    finding = _one(_raw(_log(**columns)), "bad-positions")
    assert (finding.severity, finding.count) == ("warning", 1)
    assert "row 4: " in finding.examples[0]
    assert finding.where == "interactions, column slot"


@pytest.mark.parametrize(
    ("column", "code"),
    [
        ("event", "missing-actions"),
        ("request_id", "missing-requests"),
        ("slot", "missing-positions"),
        ("propensity", "missing-propensities"),
    ],
)
def test_what_is_not_said_is_a_note(column: str, code: str) -> None:
    log = _log(**(SHOWN | {column: _with(SHOWN[column], 2, None)}))
    for findings in (_raw(log, _items()), check(read_frames(log, _items()))):
        finding = _one(findings, code)
        assert (finding.severity, finding.count) == ("note", 1)
        assert finding.examples[0].startswith("row 3: ")


def test_other_actions_are_no_duplicates() -> None:
    twice = pl.DataFrame({"user_id": [1, 1], "item_id": [2, 2], "event": ["view", "buy"]})
    codes = [f.code for f in _raw(twice)]
    assert "exact-duplicates" not in codes
    assert "repeated-pairs" in codes
