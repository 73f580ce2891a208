"""The encoder of labels: where it learns, what it refuses, what a person reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from palate import registry
from palate.encode.attributes.answer_table import COLUMNS
from palate.encode.labels.label_file import GivenLabel, append_labels
from palate.encode.row_cache import RowCache
from palate.errors import BadInput, BadRecipe, PalateError
from palate.seeding import generator
from palate.tables import Catalogue, Vocabulary
from palate.testing.stored import stored

GOODS = {
    "wine": "old red wine of a garden",
    "shoes": "running shoes for work",
    "books": "dragon queen tale",
}
HASHING = {"part": "text.hashing.v1", "dims": 512}
WANT = {"kind": {"kind": "label", "of": ["wine", "shoes", "books"]}}


def shop(n: int = 120, seed: int = 0) -> Catalogue:
    """Items of three kinds, described by some words of their kind and one of another; every third
    says of which.
    """
    rng = generator(seed, "tests", "labels")
    kinds = rng.choice(list(GOODS), n)
    words = [" ".join(rng.choice(GOODS[k].split(), 3)) for k in kinds]
    noise = [str(rng.choice(" ".join(GOODS.values()).split())) for _ in range(n)]
    fields = {
        "title": [f"{a} {b} {i}" for i, (a, b) in enumerate(zip(words, noise, strict=True))],
        "kind": [k if i % 3 == 0 else None for i, k in enumerate(kinds)],
        "truth": kinds.tolist(),
    }
    return Catalogue(Vocabulary.of(f"i{j}" for j in range(n)), pl.DataFrame(fields))


def part(**settings: Any) -> Any:
    table = {"part": "labels.semi_supervised.v1", "want": WANT, "fields": ["title"]}
    return registry.spec({**table, "encoder": HASHING, **settings}, "encoder").build()


TRAIN = np.arange(90, dtype=np.int32)


def test_a_field_with_gaps_becomes_probabilities_of_all_items() -> None:
    items = shop()
    block = part().fit(items, TRAIN).encode(items)
    assert block.columns == ("kind=wine", "kind=shoes", "kind=books")
    best = np.array(["wine", "shoes", "books"])[block.matrix.argmax(axis=1)]
    open_ones = np.arange(120) % 3 > 0
    assert (best == items.fields["truth"].to_numpy())[open_ones].mean() > 0.85
    np.testing.assert_allclose(block.matrix[TRAIN].mean(axis=0), 0, atol=1e-6)


def test_the_table_says_what_is_sure_what_is_open_and_who_said_it() -> None:
    items = shop()
    table = part(alpha=0.05).fit(items, TRAIN).tables(items)["attributes"]
    assert table.columns == list(COLUMNS)
    given = table.filter(pl.col("source") == "given")
    assert given.height == 40
    assert given["value"].to_list() == items.fields["kind"].drop_nulls().to_list()
    own = table.filter(pl.col("source") != "given")
    sure, open_ones = (
        own.filter(pl.col("value").is_not_null()),
        own.filter(pl.col("value").is_null()),
    )
    assert sure.height
    assert open_ones.height
    assert sure["may_be"].is_null().all()
    # it holds none or more than one
    assert all(v == "" or " | " in v for v in open_ones["may_be"].to_list())


def test_several_labels_are_sure_one_by_one() -> None:
    items = shop(160)
    tags = [[k, "new"] if i % 2 else [k] for i, k in enumerate(items.fields["truth"])]
    listed = Catalogue(
        items.items,
        items.fields.with_columns(
            tags=pl.Series([t if i % 2 == 0 or i % 3 == 0 else None for i, t in enumerate(tags)])
        ),
    )
    want = {"tags": {"kind": "labels", "of": ["wine", "shoes", "books"]}}
    table = part(want=want).fit(listed, TRAIN).tables(listed)["attributes"]
    own = table.filter(pl.col("source") != "given")
    assert own["value"].is_not_null().any()
    assert set(own["value"].drop_nulls()) <= {
        "",
        *GOODS,
        "wine | shoes",
        "wine | books",
        "shoes | books",
    }


def test_labels_of_a_file_and_of_a_field_a_file_goes_first(tmp_path: Path) -> None:
    items = shop()
    path = tmp_path / "labels.jsonl"
    append_labels(path, [GivenLabel("i0", "kind", ("books",)), GivenLabel("i1", "kind", ("wine",))])
    fitted = part(labels=str(path)).fit(items, TRAIN)
    table = fitted.tables(items)["attributes"].filter(pl.col("source") == "given")
    assert table.head(2)["value"].to_list() == ["books", "wine"]
    block = fitted.encode(items)
    assert block.matrix[0].argmax() == 2
    free = part(labels=str(path), keep_given=False).fit(items, TRAIN).encode(items)
    assert free.matrix[0].max() < block.matrix[0].max()


def test_a_label_outside_of_training_teaches_nothing(tmp_path: Path) -> None:
    items = shop()
    path = tmp_path / "labels.jsonl"
    first = part().fit(items, TRAIN).encode(items)
    append_labels(path, [GivenLabel(f"i{j}", "kind", ("wine",)) for j in range(90, 120)])
    other = part(labels=str(path)).fit(items, TRAIN).encode(items)
    assert other.matrix[:90].tobytes() == first.matrix[:90].tobytes()
    assert (other.matrix[90:].argmax(axis=1) == 0).all()


def test_a_state_needs_no_file_and_can_forget(tmp_path: Path) -> None:
    items, path = shop(), tmp_path / "labels.jsonl"
    append_labels(path, [GivenLabel("i1", "kind", ("wine",)), GivenLabel("i2", "kind", ("books",))])
    fitted = part(labels=str(path)).fit(items, TRAIN)
    path.unlink()
    loaded = part(labels=str(path)).load(stored(fitted.state(), tmp_path / "state"))
    assert loaded.encode(items).matrix.tobytes() == fitted.encode(items).matrix.tobytes()
    bare = part(labels=str(path))
    kept = bare.load(bare.without_ids(fitted.state(), ["i1"]))
    assert list(kept.given_.by_item["kind"]) == ["i2"]


def test_the_state_of_another_sentence_encoder_is_refused(tmp_path: Path) -> None:
    state = part().fit(shop(), TRAIN).state()
    state.facts["encoder"] = "another"
    with pytest.raises(BadInput, match="sentence encoder"):
        part().load(state)


def test_a_teacher_answers_for_a_sample_and_a_person_goes_first(tmp_path: Path) -> None:
    items = shop()
    bare = Catalogue(items.items, items.fields.drop("kind"))
    teacher = {"part": "answers.dictionary.v1"}
    fitted = part(teacher=teacher, sample=60).fit(bare, TRAIN)
    assert fitted.learnt_.by_name["kind"].n_labels <= 60
    block = fitted.encode(bare)
    named = ["wine" in t for t in bare.fields["title"].to_list()]
    assert (block.matrix.argmax(axis=1) == 0)[named].mean() > 0.8


def test_options_are_proposed_by_the_labels_of_training_items() -> None:
    want = {"kind": {"kind": "label", "of": "propose", "at_most": 2}}
    block = part(want=want).fit(shop(), TRAIN).encode(shop())
    assert len(block.columns) == 2


def test_boosted_trees_are_stored_and_loaded(tmp_path: Path) -> None:
    pytest.importorskip("lightgbm")
    items = shop()
    fitted = part(classifier="boosted", trees=20, calibration="isotonic").fit(items, TRAIN)
    loaded = part(classifier="boosted", trees=20, calibration="isotonic").load(
        stored(fitted.state(), tmp_path / "state")
    )
    assert loaded.encode(items).matrix.tobytes() == fitted.encode(items).matrix.tobytes()


def test_texts_are_encoded_once(tmp_path: Path) -> None:
    cache = RowCache(tmp_path)
    one = part().keep_in(cache).fit(shop(), TRAIN).encode(shop())
    two = part().keep_in(RowCache(tmp_path)).fit(shop(), TRAIN).encode(shop())
    assert one.matrix.tobytes() == two.matrix.tobytes()
    assert part().asking(shop()).note == "learnt from labels"


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"want": {"kind": {"kind": "scale"}}}, "of kind"),
        ({"want": {"kind": {**WANT["kind"], "evidence": True}}}, "evidence"),
        ({"label_fields": {"knd": "kind"}}, "not wanted"),
        ({"confidence": 0.3}, "confidence"),
        ({"classifier": "forest"}, "classifier"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any], fault: str) -> None:
    with pytest.raises(PalateError, match=fault):
        part(**settings)


def test_what_cannot_be_learnt_is_refused(tmp_path: Path) -> None:
    items = shop()
    with pytest.raises(BadRecipe, match="read as text too"):
        part(fields=["title", "kind"]).fit(items, TRAIN)
    with pytest.raises(BadInput, match="only 7 training items"):
        part().fit(items, np.arange(19, dtype=np.int32))
    bare = Catalogue(items.items, items.fields.drop("kind"))
    with pytest.raises(BadInput, match="only 0 training items"):
        part().fit(bare, TRAIN)
    with pytest.raises(BadInput, match="fewer than two"):
        part(want={"kind": {"kind": "label", "of": "propose"}}).fit(bare, TRAIN)
    with pytest.raises(BadInput, match="no such file"):
        part(labels=str(tmp_path / "none")).fit(items, TRAIN)
    with pytest.raises(BadRecipe, match="truht"):
        part(label_fields={"kind": "truht"}).fit(items, TRAIN)


def test_without_named_fields_a_field_of_labels_is_not_read() -> None:
    fitted = part(fields=[]).fit(shop(), TRAIN)
    assert fitted.fields_ == ("title", "truth")


def test_labels_that_were_picked_are_said() -> None:
    items = shop()
    assert {f.code for f in part().fit(items, TRAIN).encode(items).findings} >= {"few-labels"}


def test_picked_labels_without_drawn_ones_are_a_warning(tmp_path: Path) -> None:
    items, path = shop(), tmp_path / "labels.jsonl"
    bare = Catalogue(items.items, items.fields.drop("kind"))
    rows = zip(items.items.ids[:60], items.fields["truth"].to_list(), strict=False)
    append_labels(path, [GivenLabel(i, "kind", (k,), chosen="margin") for i, k in rows])
    block = part(labels=str(path)).fit(bare, TRAIN).encode(bare)
    assert "labels-were-picked" in {f.code for f in block.findings}


def test_wide_vectors_are_projected_on_directions_of_all_items(tmp_path: Path) -> None:
    items = shop(400, 3)
    rows = np.arange(300, dtype=np.int32)
    fitted = part(directions=20).fit(items, rows)
    assert fitted.learnt_.space.directions.shape == (512, 20)
    loaded = part(directions=20).load(stored(fitted.state(), tmp_path / "state"))
    assert loaded.encode(items).matrix.tobytes() == fitted.encode(items).matrix.tobytes()
    plain = part(directions=0).fit(items, rows)
    assert plain.learnt_.space.directions.shape == (512, 0)
