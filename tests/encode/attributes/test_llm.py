"""The encoder of attributes: what it learns, keeps, refuses and tells."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.encode.attributes.asked import Recorder, by_words

from palate import registry
from palate.answering import Proposes
from palate.encode.attributes.llm import LlmAttributes, LlmAttributesSettings
from palate.encode.attributes.local.taught import Taught, TaughtSettings
from palate.encode.blocks import encode_block
from palate.encode.row_cache import RowCache
from palate.errors import BadInput, BadRecipe, PalateError, Refused
from palate.fit.present import present_fields
from palate.testing.stored import stored

WANT: dict[str, Any] = {
    "colour": {"kind": "label", "of": ["red", "blue"]},
    "size": {"kind": "scale"},
    "last": {"kind": "text", "evidence": True},
}
ROWS = np.array([0, 1, 2, 3], np.int32)
TITLES = ["a red hat", "a blue hat", "a red coat", None, "a blue coat", "silent"]


class Proposer(Recorder, Proposes):
    """Proposes colours, one of them twice, after a look."""

    def propose(self, texts: Any, question: Any, at_most: int, seed: int) -> list[str]:
        self.seen = list(texts)
        return ["red", "Red ", "blue", "green", ""]


def made(provider: Any, want: Any = None, proposer: Any = None, **settings: Any) -> LlmAttributes:
    part = LlmAttributes(LlmAttributesSettings(want or WANT, **settings))
    return part.with_parts({"provider": provider, "proposer": proposer})


def test_columns_are_named_and_centred_over_the_training_items(shop: Any) -> None:
    block = made(Recorder(by_words)).fit(shop(TITLES), ROWS).encode(shop(TITLES))
    assert block.columns == ("colour=red", "colour=blue", "size", "last=hat")
    red = block.matrix[:, 0]
    np.testing.assert_allclose(red[[0, 1, 2]], [1 / 3, -2 / 3, 1 / 3], rtol=1e-6)
    assert block.present.tolist() == [True, True, True, False, True, False]
    assert not block.matrix[[3, 5]].any()
    assert [f.code for f in block.findings] == ["attributes-failed"]


def test_each_text_is_asked_once_through_fit_and_encode(shop: Any, tmp_path: Path) -> None:
    provider = Recorder(by_words)
    part = made(provider).keep_in(RowCache(tmp_path))
    part.fit(shop(TITLES[:5]), ROWS).encode(shop(TITLES[:5]))
    asked = part.provider_.asked
    assert sorted(asked) == sorted(t for t in TITLES[:5] if t)
    again = made(Recorder(by_words)).keep_in(RowCache(tmp_path)).fit(shop(TITLES[:5]), ROWS)
    again.encode(shop(TITLES[:5]))
    assert again.provider_.asked == []


def test_a_block_goes_through_the_cache_and_grows(shop: Any, tmp_path: Path) -> None:
    class Spec:
        def build(self) -> Any:
            return made(Recorder(by_words))

    cache = RowCache(tmp_path)
    fitted = encode_block("llm", Spec(), (), shop(TITLES), ROWS, cache=cache)
    assert cache.stats.computed == 4
    grown = fitted.extend(shop([*TITLES, "a new red hat"]))
    np.testing.assert_array_equal(grown.matrix[: len(TITLES)], fitted.block.matrix)
    assert grown.matrix[-1, 0] == fitted.block.matrix[0, 0]


def test_options_are_proposed_from_training_items_alone(shop: Any) -> None:
    want = {"colour": {"kind": "label", "of": "propose", "at_most": 2}}
    proposer = Proposer(by_words)
    part = made(Recorder(by_words), want, proposer).fit(shop(TITLES), ROWS)
    assert proposer.seen == ["a red hat", "a blue hat", "a red coat"]
    assert part.questions_[0].options == ("red", "blue")
    sampled = made(Recorder(by_words), want, proposer, sample=2).fit(shop(TITLES), ROWS)
    assert len(proposer.seen) == 2
    assert sampled.questions_ == part.questions_


def test_nobody_to_propose_is_refused_with_a_way_out(shop: Any) -> None:
    want = {"colour": {"kind": "label", "of": "propose"}}
    with pytest.raises(BadRecipe, match="proposes no options") as caught:
        made(Recorder(by_words), want).fit(shop(TITLES), ROWS)
    assert "answers.clusters.v1" in caught.value.next_step


def test_items_of_which_nothing_is_known_are_refused(shop: Any) -> None:
    want = {"colour": {"kind": "label", "of": ["mauve", "teal"]}}
    with pytest.raises(BadInput, match="nothing is known"):
        made(Recorder(by_words), want).fit(shop(TITLES), ROWS)


def test_a_teacher_answers_once_for_all_fits(shop: Any, tmp_path: Path) -> None:
    teacher = Recorder(by_words)
    hashing = registry.spec({"part": "text.hashing.v1"}, "encoder").build()
    want = {"colour": WANT["colour"]}

    def fitted() -> LlmAttributes:
        taught = Taught().with_parts({"encoder": hashing, "teacher": teacher})
        return made(taught, want).keep_in(RowCache(tmp_path)).fit(shop(TITLES), ROWS)

    planned = made(
        Taught(TaughtSettings(sample=4)).with_parts({"encoder": hashing, "teacher": teacher}), want
    ).asking(shop(TITLES))
    estimate = planned.estimate([f"text {i}" for i in range(10)])
    assert estimate is not None
    assert estimate.requests == 4
    assert "for 4 items at most" in planned.note
    assert teacher.asked == []
    first = fitted().encode(shop(TITLES))
    assert "3 requests" in next(f for f in first.findings if f.code == "teacher-spent").message
    assert sorted(teacher.asked) == sorted(t for t in TITLES[:3] if t)
    again = fitted().encode(shop(TITLES))
    assert len(teacher.asked) == 3
    assert again.matrix.tobytes() == first.matrix.tobytes()


def test_what_a_person_reads(shop: Any) -> None:
    part = made(Recorder(by_words)).fit(shop(TITLES), ROWS)
    table = part.tables(shop(TITLES))["attributes"]
    assert table.height == 4 * 3
    first = table.row(0, named=True)
    assert first["attribute"] == "colour"
    assert (first["value"], first["confidence"]) == ("red", 0.75)
    assert first["source"] == "answers.zero_shot.v1"
    assert first["cost"] == pytest.approx(0.5 / 3)
    last = table.filter(table["attribute"] == "last").row(0, named=True)
    assert (last["value"], last["evidence"]) == ("hat", "hat")


def test_loaded_with_another_provider_it_is_refused(shop: Any, tmp_path: Path) -> None:
    state = stored(made(Recorder(by_words)).fit(shop(TITLES), ROWS).state(), tmp_path / "s")
    loaded = made(Recorder(by_words)).load(state)
    assert loaded.encode(shop(TITLES)).columns[0] == "colour=red"
    with pytest.raises(BadInput, match="not the one that answered"):
        made(Recorder(by_words, identity="newer")).load(state)


def test_a_provider_that_gives_up_ends_the_fit(shop: Any) -> None:
    with pytest.raises(Refused, match="budget"):
        made(Recorder(by_words, most=1)).fit(shop(TITLES), ROWS)


def test_fitted_again_on_other_items_nothing_is_left_of_before(shop: Any) -> None:
    part = made(Recorder(by_words))
    first = copy.deepcopy(part).fit(shop(TITLES), ROWS).encode(shop(TITLES))
    part.fit(shop(TITLES), ROWS[:2])
    again = part.fit(shop(TITLES), ROWS).encode(shop(TITLES))
    assert again.matrix.tobytes() == first.matrix.tobytes()
    assert again.origin.key() == first.origin.key()


def test_the_registry_hands_the_provider_in_and_checks_its_table() -> None:
    table = {"part": "attributes.llm.v1", "want": WANT, "fields": ["title", "plot?"]}
    inner = {"provider": {"part": "answers.dictionary.v1", "most": 2}}
    spec = registry.spec({**table, **inner}, "encoder", "blocks.a")
    assert spec.build().part("provider").settings.most == 2
    assert spec.resolved()["provider"]["least_letters"] == 2
    assert registry.spec(spec.resolved(), "encoder").settings == spec.settings
    with pytest.raises(PalateError) as caught:
        registry.spec(
            {**table, "provider": {"part": "answers.dictionary.v1", "msot": 2}}, "encoder", "b"
        )
    assert caught.value.where == "b.provider.msot"
    with pytest.raises(PalateError, match="for the stage encoder"):
        registry.spec({**table, "provider": {"part": "text.tfidf.v1"}}, "encoder", "b")


def test_optional_fields_are_left_out_where_they_are_missing(shop: Any) -> None:
    table = {"part": "attributes.llm.v1", "want": WANT, "fields": ["title", "plot?"]}
    spec = present_fields(registry.spec(table, "encoder"), shop(TITLES))
    assert spec.settings.fields == ("title",)


def test_built_by_hand_it_says_what_is_missing(shop: Any) -> None:
    with pytest.raises(Refused, match="without the parts"):
        LlmAttributes(LlmAttributesSettings(WANT)).fit(shop(TITLES), ROWS)


def test_a_history_is_read_as_the_items_are(shop: Any, tmp_path: Path) -> None:
    class Spec:
        def build(self) -> Any:
            return made(Recorder(by_words), {"colour": WANT["colour"]})

    block = encode_block("llm", Spec(), (), shop(TITLES), ROWS, cache=RowCache(tmp_path))
    assert block.texts()[:2] == TITLES[:2]
    assert block.count(["a red hat"]).tolist() == [3]
    rows, present = block.encode(["a red hat; a red coat", None, "a blue hat"])
    assert present.tolist() == [True, False, True]
    np.testing.assert_array_equal(rows[0], block.block.matrix[0])
    np.testing.assert_array_equal(rows[2], block.block.matrix[1])
