"""The plain sections: data, cost, recipe, formula, and what the files may hold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from palate.report.costs import costs
from palate.report.dataset import sheet
from palate.report.formula import formula
from palate.report.toml import coloured
from palate.runs.documents import Counts, Data, Fault, SplitSummary
from palate.runs.fields import Number, Text, Texts
from palate.runs.files import read
from palate.runs.rows import Stage


def test_findings_stand_by_gravity_and_are_counted() -> None:
    made = sheet(
        Data(findings=(Fault("a"), Fault("b", "error"), Fault("c", "warning"), Fault("d", "error")))
    )
    assert made
    assert [f.code for f in made.findings] == ["b", "d", "c", "a"]
    assert made.tally == "The checks found 2 errors, 1 warning, 1 note."


def test_facts_leave_out_what_is_not_known() -> None:
    made = sheet(Data(counts=Counts(users=1234, density=0.00073, first="874724710")))
    assert made
    facts = {name: words.replace("\N{NARROW NO-BREAK SPACE}", " ") for name, words in made.facts}
    assert facts == {
        "users": "1,234",
        "density (pairs that met, of all)": "0.073 %",
        "first event": "20 Sep 1997",
    }
    assert made.tally == "The checks found nothing to mention."


def test_shares_of_the_split() -> None:
    made = sheet(
        Data(counts=Counts(interactions=100), split=SplitSummary(train=80, validation=0, test=20))
    )
    assert made
    assert [(s.name, s.share) for s in made.shares] == [("train", 80.0), ("test", 20.0)]
    empty = sheet(Data(split=SplitSummary()))
    assert empty
    assert empty.shares == ()
    assert sheet(None) is None


def test_parts_that_count_different_things_have_no_shares() -> None:
    made = sheet(Data(counts=Counts(interactions=500), split=SplitSummary(train=400, test=20)))
    assert made
    assert [(s.name, s.count, s.share) for s in made.shares] == [
        ("train", "400", None),
        ("test", "20", None),
    ]


def test_costs_compare_with_the_slowest() -> None:
    made = costs([Stage("a", 1.0, 200.0), Stage("b", 4.0, None), Stage("c", None)])
    assert made
    assert [s.share for s in made.stages] == [25.0, 100.0, 0.0]
    assert (
        made.summary.replace("\N{NARROW NO-BREAK SPACE}", " ")
        == "All stages together took 5.0 s, with at most 200 MB of memory."
    )
    bare = costs([Stage("a", 0.0)])
    assert bare
    assert "memory" not in bare.summary
    assert costs([]) is None


def test_toml_is_coloured_and_stays_the_same_text() -> None:
    text = (
        '# c\n[a.b]\nkey = "v # not a comment" # c2\nn = -1.5e3\nyes = true\nlong = """x\n"y"'
        ' <\n"""\nname2 = \'z\''
    )
    marked = coloured(text)
    assert marked.striptags() == " ".join(text.split())
    for token in ('"c"># c2', '"h">[a.b]', '"i">key', '"n">-1.5e3', '"n">true', '"s">&#39;z&#39;'):
        assert f"<span class={token}</span>" in marked
    assert marked.count('class="c"') == 2


def test_formulas_set_indices_of_single_capitals_only() -> None:
    assert (
        formula("R = a*Z_U + b * text_kernel/2 <")
        == "R = a\N{MIDDLE DOT}Z<sub>U</sub> + b\N{MIDDLE DOT}text_kernel/2 &lt;"
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (3, "3"),
        (0.1234567, "0.123457"),
        (float("nan"), ""),
        ({"a": [1, None]}, "a: 1, "),
        (True, "True"),
        ("\x00a\ud800", "\ufffda\ufffd"),
        ("\tb\n", "\tb\n"),
    ],
)
def test_any_value_becomes_printable_text(value: object, text: str) -> None:
    assert TypeAdapter(Text).validate_python(value) == text


def test_lists_of_sentences_take_a_single_one() -> None:
    adapter = TypeAdapter(Texts)
    assert adapter.validate_python("one") == ("one",)
    assert adapter.validate_python({"a": 1}) == ("a: 1",)
    assert adapter.validate_python(None) == ()
    assert adapter.validate_python(["x", 2]) == ("x", "2")


def test_numbers_that_are_not_finite_are_none() -> None:
    adapter = TypeAdapter(Number)
    assert [adapter.validate_python(x) for x in (float("inf"), float("nan"), None, 2)] == [
        None,
        None,
        None,
        2.0,
    ]


def test_unknown_keys_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(
        json.dumps([{"stage": "read", "seconds": 1, "later": {}}])
    )
    assert read(tmp_path).timings == (Stage("read", 1.0),)


def test_damage_names_the_place(tmp_path: Path) -> None:
    (tmp_path / "timings.json").write_text(json.dumps([{"stage": "read"}, {"seconds": 1}]))
    (tmp_path / "map.json").mkdir()
    (tmp_path / "data.json").write_bytes(b"\xff\xfe")
    absent = read(tmp_path).absent
    assert absent["timings.json"] == "timings.json is not as expected at 1.stage: Field required."
    assert absent["map.json"].startswith("map.json cannot be read")
    assert absent["data.json"].startswith("data.json cannot be read")
