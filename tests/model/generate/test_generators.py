"""Generators in worlds where it is known what lists bring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.model.generate.series import LENGTH, SETTINGS, lists_of, taught

from palate import ranks
from palate.arrays import Doubles
from palate.errors import BadInput, BadRecipe
from palate.gradient.loop import Schedule
from palate.model.ease import Ease
from palate.model.generate.generator import Generator
from palate.model.generate.pretrained import items_of
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.seqgan import SeqGan
from palate.registry import spec
from palate.stages import FitContext
from palate.tables import Block, FeatureTable, Origin
from palate.testing.scorer import ScorerContract, made_training


def gain(structure: float, seed: int) -> tuple[Doubles, float]:
    """What lists bring over those of the same network that does not look at them, and the mean of
    these.
    """
    one = taught(structure, seed)
    member = one.context.members["ease"]
    found = Retrieved.of(member, one.cases.histories, one.cases.seen, SETTINGS.candidates)
    choices = one.start.network.choices(one.cases.histories.items, found)
    pointwise = one.value(items_of(found, choices.one_by_one(LENGTH).numpy()))
    model = Generator(SETTINGS).after(one.start, one.training, one.context)
    return one.value(lists_of(model, one.cases)) - pointwise, float(pointwise.mean())


@pytest.mark.parametrize("seed", range(3))
def test_lists_with_structure_bring_more_than_their_items_one_by_one(seed: int) -> None:
    more, base = gain(0.9, seed)
    assert more.mean() > 3.3 * more.std() / np.sqrt(len(more))
    assert more.mean() > 0.3 * base


@pytest.mark.parametrize("seed", range(3))
def test_control_without_structure_there_is_next_to_nothing_to_gain(seed: int) -> None:
    more, base = gain(0.0, seed)
    assert abs(more.mean()) < 0.05 * base


def test_lists_with_structure_bring_more_than_the_best_scores() -> None:
    one = taught(0.9, 0)
    model = Generator(SETTINGS).after(one.start, one.training, one.context)
    member = one.context.members["ease"]
    ours, theirs = (one.value(lists_of(m, one.cases)) for m in (model, member))
    more = ours - theirs
    assert more.mean() > 3.3 * more.std() / np.sqrt(len(more))
    listed = lists_of(model, one.cases)
    assert len(np.unique(listed)) >= 0.9 * len(np.unique(lists_of(member, one.cases)))


def test_adversarial_training_keeps_what_is_best_and_says_what_it_saw() -> None:
    one = taught(0.9, 0)
    model = SeqGan(SETTINGS).after(one.start, one.training, one.context)
    n_before = len(one.start.curve.rows)
    rows = model.curve_.rows[n_before:]
    assert [row["reward"] is None for row in rows] == [True, False, False]
    assert all(row["discriminator_loss"] is not None for row in rows[1:])
    assert all(0 < (row["coverage"] or 0) <= 1 for row in rows)
    metrics = [row["metric"] or 0.0 for row in rows]
    assert model.curve_.best == n_before + int(np.argmax(metrics))
    assert one.start.held.ndcg(model.network_) == pytest.approx(max(metrics))
    steps = [row["step"] or 0 for row in model.curve_.rows]
    assert steps == sorted(steps)


def test_training_that_does_not_help_leaves_the_generator_as_it_was() -> None:
    one = taught(0.9, 0)
    wild = replace(SETTINGS, forcing=0.0, schedule=Schedule(epochs=1, rate=0.5, batch=64))
    model = SeqGan(wild).after(one.start, one.training, one.context)
    assert model.curve_.rows[model.curve_.best]["reward"] is None
    before = Generator(SETTINGS).after(one.start, one.training, one.context)
    assert (lists_of(model, one.cases) == lists_of(before, one.cases)).all()


def test_several_models_go_on_from_one_likelihood() -> None:
    one = taught(0.9, 0)
    first = Generator(SETTINGS).after(one.start, one.training, one.context)
    expected = lists_of(first, one.cases)
    SeqGan(SETTINGS).after(one.start, one.training, one.context)
    again = Generator(SETTINGS).after(one.start, one.training, one.context)
    assert (lists_of(again, one.cases) == expected).all()


def test_validation_chooses_how_much_lists_look_at_themselves_where_it_may() -> None:
    one = taught(0.9, 0)
    network, held = one.start.network, one.start.held
    assert network.follow == 1
    free = replace(network, settings=replace(network.settings, follow=(0.0, 1.0)))
    chosen = held.trusting(free)
    assert held.ndcg(chosen) >= held.ndcg(network)
    assert (chosen.follow, chosen.trust) in [(f, t) for f in (0.0, 1.0) for t in SETTINGS.trust]
    model = Generator(SETTINGS).after(one.start, one.training, one.context)
    model.network_ = replace(network, follow=0.0)
    opened = Generator(SETTINGS).load(model.state(), one.context.members)
    assert opened.network_.follow == 0
    assert (lists_of(opened, one.cases) == lists_of(model, one.cases)).all()


def test_a_new_item_is_listed_for_its_content() -> None:
    one = taught(0.9, 0)
    n = len(one.training.features.items)
    step = np.arange(n) // one.people.world.n_variants
    content = np.eye(step.max() + 1, dtype=np.float32)[step]
    block = Block("step", content, np.ones(n, np.bool_), Origin("made"))
    features = FeatureTable(one.training.features.items, {"step": block})
    training = replace(one.training, features=features)
    settings = replace(SETTINGS, block="step", radius=0.05, trust=(0.0,), candidates=n + 1)
    model = Generator(settings).fit(training, one.context)
    items = features.items.grown(["new"])
    more = replace(
        block,
        matrix=np.concatenate([content, content[:1]]),
        present=np.ones(n + 1, np.bool_),
    )
    grown = model.grow(FeatureTable(items, {"step": more}))
    # the item that it is like stands on some lists, and so does the new one
    lists = ranks.top(ranks.masked(grown.score(one.cases.histories), one.cases.seen), LENGTH)[0]
    assert (lists == 0).any()
    assert (lists == n).any()


def test_no_model_to_find_candidates() -> None:
    with pytest.raises(BadRecipe, match="needs other models"):
        Generator(SETTINGS).fit(made_training(), FitContext())


def test_a_block_with_numbers_that_are_none() -> None:
    training = made_training()
    words = training.features.block("text.vectors")
    matrix = np.array(words.matrix)
    matrix[0, 0] = np.nan
    features = FeatureTable(
        training.features.items, {"text.vectors": replace(words, matrix=matrix)}
    )
    context = FitContext(members={"ease": Ease().fit(training)})
    with pytest.raises(BadInput, match=r"text\.vectors"):
        Generator(replace(SETTINGS, block="text.vectors")).fit(
            replace(training, features=features), context
        )


@pytest.mark.parametrize("reader", ["lstm", "attention"])
class TestWithContent(ScorerContract):
    """The contract again, with a block of content and either reader."""

    @pytest.fixture
    def part(self, reader: str) -> SeqGan:
        table = {
            "part": "model.seqgan.v1",
            "block": "text.vectors",
            "reader": reader,
            "width": 8,
            "likelihood": {"epochs": 2},
            "schedule": {"epochs": 1},
            "roll_outs": 2,
            "warm_up": 1,
        }
        built: SeqGan = spec(table, "scorer").build()
        return built

    @pytest.fixture
    def context(self) -> FitContext:
        return FitContext(members={"ease": Ease().fit(made_training())})
