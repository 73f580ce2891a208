"""The file of labels: durable line by line, and read with care."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.encode.labels.label_file import GivenLabel, append_labels, of_question, read_labels
from palate.errors import BadInput

LABELS = st.builds(
    GivenLabel,
    st.text(max_size=8),
    st.sampled_from(["kind", "标签"]),
    st.lists(st.text(max_size=5), max_size=3).map(tuple),
    chosen=st.sampled_from(["random", "margin"]),
    held_out=st.booleans(),
    skipped=st.booleans(),
    seconds=st.floats(0, 100),
)


@given(labels=st.lists(LABELS, max_size=8))
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, labels) -> None:
    path = tmp_path_factory.mktemp("labels") / "labels.jsonl"
    for one in labels:
        append_labels(path, [one])
    latest = {(one.item, one.question): one for one in labels}
    assert read_labels(path, missing_ok=True) == tuple(latest.values())


def test_a_later_label_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    append_labels(path, [GivenLabel("i", "kind", ("a",)), GivenLabel("j", "kind", ("b",))])
    append_labels(path, [GivenLabel("i", "kind", ("b",)), GivenLabel("j", "kind", skipped=True)])
    assert [one.values for one in read_labels(path)] == [("b",), ()]
    assert list(of_question(read_labels(path), "kind")) == ["i"]


@pytest.mark.parametrize("cut", range(1, 30, 4))
def test_a_line_that_was_being_written_is_left_out_and_written_over(
    tmp_path: Path, cut: int
) -> None:
    path = tmp_path / "labels.jsonl"
    append_labels(path, [GivenLabel("i", "种类", ("鞋",))])
    whole = path.read_bytes()
    append_labels(path, [GivenLabel("j", "种类", ("酒",))])
    path.write_bytes(path.read_bytes()[:-cut])
    assert [one.item for one in read_labels(path)] == ["i"]
    append_labels(path, [GivenLabel("k", "种类", ("酒",))])
    assert path.read_bytes().startswith(whole)
    assert [one.item for one in read_labels(path)] == ["i", "k"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("nonsense\n", "no JSON"),
        ("[1]\n", "no label"),
        ('{"item": "i"}\n', "missing"),
        ('{"item": "i", "question": "q", "valus": []}\n', "valus"),
        ('{"item": 3, "question": "q"}\n', "3"),
    ],
)
def test_what_is_no_label_is_refused_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"item": "i", "question": "q"}\n' + text)
    with pytest.raises(BadInput, match=fault) as refused:
        read_labels(path)
    assert "line 2" in refused.value.where


def test_files_that_are_not_there(tmp_path: Path) -> None:
    assert read_labels(tmp_path / "none", missing_ok=True) == ()
    with pytest.raises(BadInput, match="no such file"):
        read_labels(tmp_path / "none")
    with pytest.raises(BadInput, match="cannot be read"):
        read_labels(tmp_path)
    with pytest.raises(BadInput, match="cannot be written"):
        append_labels(tmp_path, [GivenLabel("i", "q")])
