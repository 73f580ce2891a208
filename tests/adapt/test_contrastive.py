"""Contrastive tuning on behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from palate.adapt.contrastive import Contrastive, ContrastiveSettings
from palate.adapt.tuning import Weights
from palate.errors import Refused
from palate.gradient.loop import Schedule
from palate.stages import FitContext
from palate.tables import Catalogue, Training

QUICK = ContrastiveSettings(
    pairs=400, schedule=Schedule(epochs=10, batch=50, rate=0.01, patience=10)
)
ROWS = np.arange(40, dtype=np.int32)


def tuned(
    settings: ContrastiveSettings, encoder: Any, catalogue: Catalogue, training: Training
) -> np.ndarray:
    part = Contrastive(settings).tune(encoder, catalogue, training, FitContext(seed=3))
    return np.asarray(part.fit(catalogue, ROWS).encode(catalogue).matrix)


@pytest.mark.parametrize("weights", [Weights(), Weights(method="lora", rank=8), Weights(half=True)])
def test_families_come_closer(
    weights: Weights,
    encoder: Any,
    catalogue: Catalogue,
    training: Training,
    closeness: Callable[[np.ndarray], float],
) -> None:
    before = closeness(encoder.encode(catalogue).matrix)
    after = closeness(tuned(replace(QUICK, weights=weights), encoder, catalogue, training))
    assert after > before + 0.15


def test_random_behaviour_brings_no_family_closer(
    encoder: Any, catalogue: Catalogue, training: Training, closeness: Callable[[np.ndarray], float]
) -> None:
    log = training.log
    mixed = replace(log, item=np.random.default_rng(0).integers(0, 39, len(log)).astype(np.int32))
    before = closeness(encoder.encode(catalogue).matrix)
    assert closeness(tuned(QUICK, encoder, catalogue, replace(training, log=mixed))) < before + 0.1


def test_the_artefact_is_made_once_and_anew_for_anything_that_changes_it(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    short = replace(QUICK, schedule=Schedule(epochs=1, batch=50))
    heard: list[object] = []

    class Heard:
        def row(self, values: object) -> None:
            heard.append(values)

    listening = FitContext(tracker=Heard())
    first = Contrastive(short).tune(encoder, catalogue, training, listening).folder
    n = len(heard)
    assert n > 0
    assert Contrastive(short).tune(encoder, catalogue, training, listening).folder == first
    assert len(heard) == n
    assert Contrastive(replace(short, tau=0.1)).tune(encoder, catalogue, training).folder != first
    assert Contrastive(short).tune(encoder, catalogue, training, FitContext(seed=9)).folder != first
    fewer = replace(training, log=training.log.take(np.arange(600)))
    assert Contrastive(short).tune(encoder, catalogue, fewer).folder != first


def test_frozen_layers_stay_as_they_were(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    settings = replace(
        QUICK, weights=Weights(layers=1), schedule=Schedule(epochs=1, batch=50, rate=0.01)
    )
    before = encoder.language_model().module.body.state_dict()
    after = (
        Contrastive(settings)
        .tune(encoder, catalogue, training)
        .language_model()
        .module.body.state_dict()
    )
    moved = {
        name for name in before if not np.array_equal(before[name].numpy(), after[name].numpy())
    }
    assert moved
    assert all(name.startswith("encoder.layer.1.") for name in moved)


def test_same_seed_same_vectors(
    encoder: Any,
    catalogue: Catalogue,
    training: Training,
    tmp_path: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    short = replace(
        QUICK, schedule=Schedule(epochs=1, batch=50), weights=Weights(method="lora", rank=2)
    )
    made = []
    for name in ("a", "b"):
        monkeypatch.setenv("PALATE_CACHE", str(tmp_path / name))
        made.append(tuned(short, encoder, catalogue, training))
    assert np.array_equal(made[0], made[1])


def test_nothing_in_common_is_refused(
    encoder: Any, catalogue: Catalogue, training: Training
) -> None:
    first = np.unique(training.log.user, return_index=True)[1]
    with pytest.raises(Refused, match="no two items"):
        Contrastive(QUICK).tune(encoder, catalogue, replace(training, log=training.log.take(first)))
