"""What every scorer must keep."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import sparse

from palate import config, store
from palate.arrays import Doubles, Floats, Ragged, Rows
from palate.capabilities import ScoresSome
from palate.errors import PalateError
from palate.seeding import generator
from palate.stages import AdditiveScorer, FitContext, Scorer
from palate.tables import (
    Block,
    Cases,
    FeatureTable,
    Histories,
    Interactions,
    Origin,
    Training,
    Vocabulary,
)
from palate.testing.growth import GrowthContract
from palate.testing.logs import made_log


def made_training(seed: int = 0) -> Training:
    """A small log with a dense and a sparse block, validation cases, and no members.

    Items 4 g to 4 g + 3 share words, so that content says something; the last item has no content.
    """
    log = made_log(seed)
    users = np.arange(log.n_users, dtype=np.int32)
    histories = Histories.of(log, users)
    rng = generator(seed, "made training")
    targets = Ragged.of(
        [rng.choice(log.n_items, 1 + user % 2, replace=False).astype(np.int32) for user in users]
    )
    blocks = {block.name: block for block in (_words(log.n_items), _vectors(log.n_items, seed))}
    validation = Cases(histories, histories.items, targets).take(histories.items.lengths() > 0)
    return Training(log, FeatureTable(log.items, blocks), validation)


class ScorerContract(GrowthContract):
    """Give the scorer by overriding the fixture `part`, unfitted and quick; `context` where it
    needs members.
    """

    @pytest.fixture
    def part(self) -> Scorer:
        """The scorer that is tried, unfitted."""
        raise NotImplementedError("give the scorer: override the fixture `part`")

    @pytest.fixture
    def training(self) -> Training:
        """What it is fitted on."""
        return made_training()

    @pytest.fixture
    def context(self) -> FitContext:
        """What else it gets, such as members."""
        return FitContext()

    @pytest.fixture
    def fitted(self, part: Scorer, training: Training, context: FitContext) -> Scorer:
        """The scorer, fitted."""
        return part.fit(training, context)

    @pytest.fixture
    def histories(self, training: Training) -> Histories:
        """Histories of users of the log, and of people it does not know: several items, one, and
        none.
        """
        known = Histories.of(training.log, np.arange(0, training.log.n_users, 3, dtype=np.int32))
        unknown = Ragged.of([[3, 1, 40], [5], [], [7, 7, 2]])
        items = Ragged.of(
            [
                *(known.items[i] for i in range(len(known))),
                *(unknown[i] for i in range(len(unknown))),
            ]
        )
        users = np.concatenate([known.users, np.full(len(unknown), -1, np.int32)])
        return Histories(users, items, np.ones(len(items.values), np.float32))

    def test_one_finite_score_for_each_case_and_item(
        self, fitted: Scorer, histories: Histories, training: Training
    ) -> None:
        """float32 [n_cases, n_items], for unknown users and empty histories too."""
        scores = fitted.score(histories)
        assert scores.shape == (len(histories), training.log.n_items)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()

    def test_no_case_gives_no_row(
        self, fitted: Scorer, histories: Histories, training: Training
    ) -> None:
        """An empty question is a question."""
        none = fitted.score(histories.take(np.empty(0, np.int64)))
        assert none.shape == (0, training.log.n_items)

    def test_cases_do_not_touch_each_other(self, fitted: Scorer, histories: Histories) -> None:
        """Order and company of the cases change nothing."""
        together = fitted.score(histories)
        order = generator(1, "contract").permutation(len(histories))
        near(fitted.score(histories.take(order)), together[order])
        near(
            fitted.score(histories.take(np.array([len(histories) - 2]))),
            together[[len(histories) - 2]],
        )

    def test_scores_belong_to_the_caller(self, fitted: Scorer, histories: Histories) -> None:
        """Masking items in the returned scores does not change the next answer."""
        first = fitted.score(histories)
        kept = first.copy()
        first[:] = -np.inf
        near(fitted.score(histories), kept)

    def test_same_training_same_bytes(
        self, part: Scorer, training: Training, context: FitContext, histories: Histories
    ) -> None:
        """Fitted twice, it answers the same; nothing random comes from outside the seed."""
        once, again = (
            copy.deepcopy(part).fit(training, context),
            copy.deepcopy(part).fit(training, context),
        )
        assert once.score(histories).tobytes() == again.score(histories).tobytes()

    def test_fit_gives_the_scorer_itself(
        self, part: Scorer, training: Training, context: FitContext
    ) -> None:
        """So that building and fitting can be one expression."""
        assert part.fit(training, context) is part

    def test_inputs_are_left_alone(
        self, part: Scorer, training: Training, context: FitContext, histories: Histories
    ) -> None:
        """Neither the training part nor the histories change."""
        before = fingerprint(training), fingerprint(histories)
        part.fit(training, context).score(histories)
        assert (fingerprint(training), fingerprint(histories)) == before

    def test_validation_is_read_only_where_declared(
        self, part: Scorer, training: Training, context: FitContext, histories: Histories
    ) -> None:
        """Without `uses_validation`, other validation cases change nothing."""
        if part.uses_validation:
            pytest.skip("it declares that it uses the validation cases")
        cases = training.validation
        turned = replace(cases, targets=cases.targets.take(np.arange(len(cases))[::-1]))
        other = replace(training, validation=turned.take(np.arange(len(cases) // 2)))
        once, again = (
            copy.deepcopy(part).fit(training, context),
            copy.deepcopy(part).fit(other, context),
        )
        assert once.score(histories).tobytes() == again.score(histories).tobytes()

    def test_before_fit_it_says_so(self, part: Scorer, histories: Histories) -> None:
        """An error of ours, not an AttributeError."""
        with pytest.raises(PalateError, match="fit"):
            part.score(histories)

    def test_stored_and_loaded_it_answers_the_same(
        self,
        part: Scorer,
        training: Training,
        context: FitContext,
        histories: Histories,
        tmp_path: Path,
    ) -> None:
        """Arrays and plain facts hold all that was learnt."""
        fresh = copy.deepcopy(part)
        expected = part.fit(training, context).score(histories)
        state = part.state()
        json.dumps(dict(state.facts), allow_nan=False)
        store.write(tmp_path / "model", state.arrays, state.facts)
        stored = store.read(tmp_path / "model")
        assert stored is not None
        assert fresh.load(stored, context.members).score(histories).tobytes() == expected.tobytes()

    def test_numbers_that_are_none_are_refused_by_name_or_never_read(
        self, part: Scorer, training: Training, context: FitContext, histories: Histories
    ) -> None:
        """NaN and infinity in a block: an error that names it, or a model that does not read it."""
        broken = {name: _broken(block) for name, block in training.features.blocks.items()}
        spoilt = replace(training, features=FeatureTable(training.features.items, broken))
        scores, reason = _attempt(lambda: copy.deepcopy(part).fit(spoilt, context).score(histories))
        if scores is None:
            assert any(name in reason for name in broken), reason
        else:
            near(scores, part.fit(training, context).score(histories))

    @pytest.mark.parametrize("events", [0, 3])
    def test_next_to_nothing_to_learn_from(
        self, part: Scorer, training: Training, context: FitContext, events: int
    ) -> None:
        """Three items, fewer than any k, and three events or none: finite scores, or an error of
        ours.
        """
        histories = Histories.of_items(Ragged.of([[0], [], [2, 1]]))
        scores, reason = _attempt(
            lambda: part.fit(*_tiny(training, context, events)).score(histories)
        )
        assert reason if scores is None else scores.shape == (3, 3) and np.isfinite(scores).all()

    @pytest.mark.parametrize("item", [-1, 100_000])
    def test_unknown_items_are_refused_or_never_read(self, fitted: Scorer, item: int) -> None:
        """A history with a row outside the vocabulary: an error of ours, or a model that does not
        look.
        """
        scores, reason = _attempt(lambda: fitted.score(Histories.of_items(Ragged.of([[item]]))))
        assert "item row" in reason if scores is None else np.isfinite(scores).all()

    def test_settings_survive_a_recipe(self, part: Any) -> None:
        """Every setting can be written out and read again."""
        assert config.parse(type(part).Settings, config.resolved(part.settings)) == part.settings

    def test_scores_of_some_items_are_those_of_all(
        self, fitted: Scorer, histories: Histories
    ) -> None:
        """Up to rounding, and what is promising are items, each once."""
        if not isinstance(fitted, ScoresSome):
            pytest.skip("it scores all items at once")
        for some in (histories, histories.take(histories.items.lengths() > 0)):
            scores, partly = fitted.score(some), fitted.partly(some)
            case, item = (part.astype(np.int32) for part in np.nonzero(scores < np.inf))
            found = partly.of(case[::3], item[::3])
            np.testing.assert_allclose(found, scores[case, item][::3], rtol=1e-4, atol=1e-5)
            promising = partly.promising(5)
            assert len(promising) == len(some)
            for items in (promising[row] for row in range(len(some))):
                assert (np.diff(items) > 0).all()
                assert not len(items) or 0 <= items[0] <= items[-1] < scores.shape[1]

    def test_contributions_explain_the_score(self, fitted: Scorer, histories: Histories) -> None:
        """Score less contributions is a constant of the case plus a prior of the item, for every
        two items.
        """
        if not isinstance(fitted, AdditiveScorer):
            pytest.skip("it does not take its scores apart")
        some = histories.take(histories.items.lengths() > 0)
        scores = fitted.score(some)
        items = np.arange(0, scores.shape[1], 9)
        rest = np.stack(
            [scores[:, item] - explained(fitted, some, int(item)) for item in items], axis=1
        )
        interaction = rest - rest.mean(axis=0) - rest.mean(axis=1, keepdims=True) + rest.mean()
        assert np.abs(interaction).max() <= 1e-4 * max(1.0, float(np.abs(scores).max()))


def _attempt(call: Callable[[], Floats]) -> tuple[Floats | None, str]:
    """The scores; or None, and what an error of ours says. Any other error is a failure of the
    test.
    """
    try:
        return call(), ""
    except PalateError as refused:
        return None, refused.message()


def _broken(block: Block) -> Block:
    """The block with a NaN and an infinite number."""
    matrix = block.matrix.copy()
    numbers = matrix if isinstance(matrix, np.ndarray) else matrix.data
    numbers.flat[1], numbers.flat[2] = np.nan, np.inf
    return replace(block, matrix=matrix)


def _tiny(training: Training, context: FitContext, events: int) -> tuple[Training, FitContext]:
    """Two users and three items, with members, blocks and texts of the same names as in
    `training` and `context`.
    """
    items = Vocabulary.of("abc")
    user, item = np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32)
    log = Interactions(
        Vocabulary.of("uv"), items, user, item, np.ones(3, np.float32), np.arange(3)
    ).take(np.arange(events))
    histories = Histories.of(log, np.arange(2, dtype=np.int32))
    present = np.ones(3, np.bool_)
    blocks = {
        name: Block(name, np.eye(3, dtype=np.float32), present, Origin("made"))
        for name in training.features.blocks
    }
    cases = Cases(histories, histories.items, Ragged.of([[2], [0]]))
    alone = replace(
        training,
        log=log,
        features=FeatureTable(items, blocks),
        validation=cases,
    )
    members: dict[str, Any] = dict(context.members)
    fitted = {n: type(m)(m.settings).fit(alone) for n, m in members.items()}
    return alone, replace(context, members=fitted)


def explained(scorer: AdditiveScorer, histories: Histories, item: int) -> Doubles:
    """float64 [n_cases], sum of the contributions of each case's events to `item`."""
    target: Rows = np.full(len(histories), item, np.int32)
    each = scorer.contributions(histories, target)
    return np.bincount(
        histories.items.row_of_value(), weights=each, minlength=len(histories)
    ).astype(np.float64)


def near(got: Floats, wanted: Floats) -> None:
    """Equal up to the rounding of sums in another order."""
    np.testing.assert_allclose(
        got, wanted, rtol=1e-4, atol=1e-5 * max(1.0, float(np.abs(wanted).max(initial=0)))
    )


def fingerprint(value: Training | Histories) -> str:
    """A digest of all numbers in a training part or in histories."""
    if isinstance(value, Histories):
        arrays: list[NDArray[Any]] = [
            value.users,
            value.items.values,
            value.items.offsets,
            value.values,
        ]
        return store.digest([array.tolist() for array in arrays])
    log: Interactions = value.log
    numbers: list[NDArray[Any]] = [
        log.user,
        log.item,
        log.value,
        *([] if log.time is None else [log.time]),
    ]
    blocks = [block.matrix for block in value.features.blocks.values()]
    numbers += [matrix.toarray() if sparse.issparse(matrix) else matrix for matrix in blocks]
    numbers += [value.validation.targets.values, value.validation.seen.values]
    return store.digest(
        [fingerprint(value.validation.histories), *(array.tolist() for array in numbers)]
    )


def _words(n_items: int) -> Block:
    group = np.arange(n_items - 1) // 4
    own = group.max() + 1 + np.arange(n_items - 1)
    index = (np.tile(np.arange(n_items - 1), 2), np.concatenate([group, own]))
    data = np.concatenate([np.ones(n_items - 1), np.full(n_items - 1, 0.5)]).astype(np.float32)
    matrix = sparse.csr_matrix((data, index), shape=(n_items, int(own.max()) + 1))
    return Block("text.words", matrix, np.arange(n_items) < n_items - 1, Origin("made"))


def _vectors(n_items: int, seed: int) -> Block:
    centres = generator(seed, "made vectors").normal(size=(n_items // 4 + 1, 6))
    matrix = centres[np.arange(n_items) // 4] + 0.3 * generator(seed, "made noise").normal(
        size=(n_items, 6)
    )
    matrix[-1] = 0
    return Block(
        "text.vectors", matrix.astype(np.float32), np.arange(n_items) < n_items - 1, Origin("made")
    )
