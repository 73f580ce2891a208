"""What every tuner of language models has to keep."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from palate.arrays import Floats, Rows, dense
from palate.stages import Encoder, Portable, Tunable, Tuner
from palate.tables import Catalogue, Training
from palate.testing.stored import stored


class TunerContract:
    """Give the tuner by overriding `part` (quick), and `encoder`, `catalogue` and `training` of one
    vocabulary.
    """

    @pytest.fixture
    def part(self) -> Tuner:
        """The tuner that is tried."""
        raise NotImplementedError("give the tuner: override the fixture `part`")

    @pytest.fixture
    def encoder(self) -> Tunable:
        """An encoder with a tiny language model."""
        raise NotImplementedError("give an encoder: override the fixture `encoder`")

    @pytest.fixture
    def catalogue(self) -> Catalogue:
        """Items with texts, the last one without."""
        raise NotImplementedError("give a catalogue: override the fixture `catalogue`")

    @pytest.fixture
    def training(self) -> Training:
        """Behaviour towards these items."""
        raise NotImplementedError("give the training part: override the fixture `training`")

    def test_what_comes_out_is_an_encoder(
        self, part: Tuner, encoder: Tunable, catalogue: Catalogue, training: Training
    ) -> None:
        """One finite row for each item; those without a text are absent and zero."""
        tuned = part.tune(encoder, catalogue, training)
        block = tuned.fit(catalogue, _rows(training)).encode(catalogue)
        assert block.matrix.shape[0] == len(catalogue)
        assert np.isfinite(dense(block.matrix)).all()
        assert not block.present[-1]
        assert not dense(block.matrix)[-1].any()

    def test_the_encoder_itself_stays_as_it_was(
        self, part: Tuner, encoder: Tunable, catalogue: Catalogue, training: Training
    ) -> None:
        """Tuning works on a copy."""
        before = encoder.language_model().identity
        part.tune(encoder, catalogue, training)
        assert encoder.language_model().identity == before

    def test_tuned_twice_it_is_the_same(
        self, part: Tuner, encoder: Tunable, catalogue: Catalogue, training: Training
    ) -> None:
        """From the cache or made again, by the seed alone."""
        first, second = (copy.deepcopy(part).tune(encoder, catalogue, training) for _ in range(2))
        assert np.array_equal(
            _vectors(first, catalogue, training), _vectors(second, catalogue, training)
        )

    def test_stored_with_its_model_and_reopened_it_gives_the_same_bytes(
        self,
        part: Tuner,
        encoder: Tunable,
        catalogue: Catalogue,
        training: Training,
        tmp_path: Path,
    ) -> None:
        """From its state and the files of its model alone, as a run keeps them."""
        tuned = part.tune(encoder, catalogue, training)
        expected = tuned.fit(catalogue, _rows(training)).encode(catalogue)
        assert isinstance(tuned, Portable)
        folder = tmp_path / "model"
        folder.mkdir()
        tuned.save_model(folder)
        state = stored(tuned.state(), tmp_path / "state")
        found = copy.deepcopy(part).reopen(encoder, folder).load(state).encode(catalogue)
        assert dense(found.matrix).tobytes() == dense(expected.matrix).tobytes()
        assert np.array_equal(found.present, expected.present)


def _rows(training: Training) -> Rows:
    return np.unique(training.log.item).astype(np.int32)


def _vectors(encoder: Encoder, catalogue: Catalogue, training: Training) -> Floats:
    return dense(encoder.fit(catalogue, _rows(training)).encode(catalogue).matrix)
