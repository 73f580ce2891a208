"""What the page says of attributes."""

from __future__ import annotations

from dataclasses import replace

from palate.report.attributes import attributes
from palate.report.page import render
from palate.runs.attribute_rows import AnsweredItem, AttributeSummary, CountedValue
from palate.runs.files import RunFiles

ROW = AttributeSummary(
    *("llm", "kind", "answers.taught.v1", 200, 150, 3, 0.875, 12.0, 0.25),
    (CountedValue("wine", 90), CountedValue("shoes", 60)),
    (AnsweredItem("7", "Alien", "wine", 0.9, "red"), AnsweredItem("8", "", "", None)),
)


def test_an_attribute_in_words() -> None:
    (shown,) = attributes([ROW])
    assert shown.summary.startswith("Answered by answers.taught.v1 for 75")
    assert "mean confidence of 0.88" in shown.summary or "0.87" in shown.summary
    assert "3 answers did not fit" in shown.summary
    assert "cost 0.25" in shown.summary
    assert shown.values == "wine (90), shoes (60)"
    assert shown.examples[0] == ("Alien", "wine", "0.90", "red")
    assert shown.examples[1][:2] == ("8", "none of them")


def test_the_page_has_a_section_where_there_are_some() -> None:
    page = render(RunFiles("run", attributes=(ROW,)))
    assert 'id="attributes"' in page
    assert "shoes (60)" in page
    assert 'id="attributes"' not in render(RunFiles("run"))
    assert attributes(None) == ()


def test_columns_without_anything_are_left_out() -> None:
    bare = replace(ROW, examples=(AnsweredItem("7", "Alien", "-0.0956"),))
    (shown,) = attributes([bare])
    assert shown.examples[0][1] == "\N{MINUS SIGN}0.10"
    assert not shown.sure
    assert not shown.rests
    page = render(RunFiles("run", attributes=(bare,)))
    assert ">Evidence<" not in page
    assert ">Evidence<" in render(RunFiles("run", attributes=(ROW,)))


def test_hostile_words_stay_words() -> None:
    row = AttributeSummary("llm", "<script>x</script>", "me", 1, 1)
    page = render(RunFiles("run", attributes=(row,)))
    assert "<script>x" not in page
