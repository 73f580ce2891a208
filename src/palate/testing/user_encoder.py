"""What every user encoder has to keep: a user is what the history says, and nothing else."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest

from palate.arrays import Floats, Longs, Mask, Ragged, l2_normalised
from palate.errors import PalateError
from palate.seeding import generator
from palate.stages import UserEncoder
from palate.tables import Block, Cases, FeatureTable, Histories, Origin, Training
from palate.testing.logs import made_log
from palate.testing.stored import refuses_other_states, size_of, stored

_WORDS = ("red", "blue", "old", "wine", "glass", "lip", "nail", "polish", "dragon", "queen")


class WordSpace:
    """A space of counted words, 16 columns; a token is a word.

    Args:
        texts: Text of each item; None for an item without.
        most: Tokens that are read of a text; None: all.

    Attributes:
        encoded: Every text that was encoded.
    """

    def __init__(self, texts: Sequence[str | None], most: int | None = None) -> None:
        self._texts = list(texts)
        self._most = most
        self.encoded: list[str | None] = []
        matrix, present = self.encode(self._texts)
        self.block = Block("words", matrix, present, Origin("words.v1"))
        self.encoded.clear()

    def texts(self) -> list[str | None]:
        """The texts of the items."""
        return self._texts

    def encode(self, texts: Sequence[str | None]) -> tuple[Floats, Mask]:
        """float32 [n, 16] and bool [n]."""
        self.encoded += texts
        counts = np.zeros((len(texts), 16), np.float32)
        for row, text in enumerate(texts):
            for place, word in enumerate((text or "").split()[: self._most]):
                # a little more for each place, so that the order of the words can be seen
                counts[row, crc32(word.encode()) % 16] += 1 + place / 64
        return np.asarray(l2_normalised(counts), np.float32), np.asarray(
            counts.any(axis=1), np.bool_
        )

    def count(self, texts: Sequence[str]) -> Longs:
        """int64 [n], words."""
        return np.asarray([len(t.split()) for t in texts], np.int64)

    def limit(self) -> int | None:
        """The most that is read."""
        return self._most


class UserEncoderContract:
    """Give the encoder by overriding the fixture `part`, unfitted."""

    @pytest.fixture
    def part(self) -> UserEncoder:
        """The user encoder that is tried, unfitted."""
        raise NotImplementedError("give the user encoder: override the fixture `part`")

    @pytest.fixture
    def training(self) -> Training:
        """A log of 40 items; item 0 has no content."""
        log = made_log(0)
        none = np.empty(0, np.int32)
        no_users = Histories.of(log, none)
        empty = Ragged.of([])
        return Training(log, FeatureTable(log.items), Cases(no_users, empty, empty))

    @pytest.fixture
    def space(self, training: Training) -> WordSpace:
        """Texts of one to four words."""
        rng = generator(1, "made space")
        n = training.log.n_items
        texts = [" ".join(rng.choice(_WORDS, 1 + i % 4)) for i in range(n)]
        return WordSpace([None, *texts[1:]])

    @pytest.fixture
    def fitted(self, part: UserEncoder, space: WordSpace, training: Training) -> UserEncoder:
        """The encoder, fitted."""
        return part.fit(space, training)

    @pytest.fixture
    def histories(self, training: Training) -> Histories:
        """Histories of the log; the last three are empty, of the item without content, and of one
        item twice.
        """
        users = np.unique(training.log.user)[:20].astype(np.int32)
        known = Histories.of(training.log, users)
        more = Ragged.of([*(known.items[i] for i in range(len(known))), [], [0], [3, 3]])
        n = len(more.values) - len(known.values)
        times = (
            None
            if known.times is None
            else np.concatenate([known.times, np.full(n, known.times.max())])
        )
        values = np.concatenate([known.values, np.ones(n, np.float32)])
        return Histories(
            np.concatenate([users, [-1, -1, -1]]).astype(np.int32), more, values, times
        )

    def test_rows_of_float32_side_by_side(
        self, fitted: UserEncoder, histories: Histories, space: WordSpace
    ) -> None:
        """One row for each piece, finite; the space is the one that it was fitted on."""
        made = fitted.encode(histories)
        assert made.shape == (len(histories), space.block.width * len(fitted.pieces()))
        assert made.dtype == np.float32
        assert np.isfinite(made).all()
        assert made[:-3].any(axis=1).mean() > 0.5
        assert len(set(fitted.pieces())) == len(fitted.pieces())
        assert fitted.space() is space

    def test_nothing_known_is_zeros(self, fitted: UserEncoder, histories: Histories) -> None:
        """No event, or events with items of which nothing is known."""
        assert not fitted.encode(histories)[-3:-1].any()
        none = histories.take(np.empty(0, np.int64))
        assert fitted.encode(none).shape == (0, fitted.encode(histories).shape[1])

    def test_who_it_is_does_not_matter(self, fitted: UserEncoder, histories: Histories) -> None:
        """The same histories of unknown users give the same rows."""
        unknown_users = replace(histories, users=np.full(len(histories), -1, np.int32))
        assert fitted.encode(unknown_users).tobytes() == fitted.encode(histories).tobytes()

    def test_the_company_does_not_matter(self, fitted: UserEncoder, histories: Histories) -> None:
        """Each history alone, and all in another order."""
        whole = fitted.encode(histories)
        order = generator(2, "contract").permutation(len(histories))
        assert np.array_equal(fitted.encode(histories.take(order)), whole[order])
        for case in (0, len(histories) - 1):
            assert np.array_equal(fitted.encode(histories.take(np.array([case])))[0], whole[case])

    def test_other_peoples_events_do_not_matter(
        self, part: UserEncoder, space: WordSpace, training: Training, histories: Histories
    ) -> None:
        """Fitted on a log of other choices, it says the same of these histories."""
        log = training.log
        items = generator(3, "contract").integers(0, log.n_items, len(log)).astype(np.int32)
        other = copy.deepcopy(part).fit(space, replace(training, log=replace(log, item=items)))
        assert (
            other.encode(histories).tobytes()
            == part.fit(space, training).encode(histories).tobytes()
        )

    def test_stored_and_loaded_it_says_the_same(
        self,
        part: UserEncoder,
        space: WordSpace,
        training: Training,
        histories: Histories,
        tmp_path: Path,
    ) -> None:
        """The state is arrays and plain facts."""
        fresh = copy.deepcopy(part)
        fitted = part.fit(space, training)
        state = stored(fitted.state(), tmp_path / "state")
        assert (
            fresh.load(state, space).encode(histories).tobytes()
            == fitted.encode(histories).tobytes()
        )

    def test_its_state_does_not_grow_with_the_log(
        self, part: UserEncoder, space: WordSpace, training: Training
    ) -> None:
        """Half of the events take as much room as all."""
        log = training.log
        half = replace(training, log=log.take(np.arange(len(log)) % 2 == 0))
        one, other = (copy.deepcopy(part).fit(space, some).state() for some in (training, half))
        assert size_of(one) == size_of(other)

    def test_other_states_are_refused(
        self, part: UserEncoder, space: WordSpace, training: Training
    ) -> None:
        """Another part's, and one that is not whole."""
        state = copy.deepcopy(part).fit(space, training).state()
        refuses_other_states(lambda spoilt: copy.deepcopy(part).load(spoilt, space), state)

    def test_before_fit_it_has_no_state(self, part: UserEncoder) -> None:
        """An error of ours."""
        with pytest.raises(PalateError, match="fit"):
            part.state()

    def test_the_histories_are_left_as_they_were(
        self, fitted: UserEncoder, histories: Histories
    ) -> None:
        """Nothing is written into the caller's arrays."""
        before = (histories.items.values.copy(), histories.values.copy())
        fitted.encode(histories)
        assert np.array_equal(histories.items.values, before[0])
        assert np.array_equal(histories.values, before[1])
