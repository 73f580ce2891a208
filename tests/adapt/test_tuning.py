"""Which weights move, and where tuned models are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from palate import store
from palate.adapt.tuning import TextVectors, Weights, kept
from palate.arrays import Ragged
from palate.errors import BadRecipe

TEXTS = ["w1 w2", "w3", "w4 w5 w6 w7 w8", ""]


def vectors(encoder: Any, weights: Weights = Weights(), seed: int = 0) -> TextVectors:  # noqa: B008
    model = encoder.language_model()
    return TextVectors(model, model.tokens(TEXTS), weights, seed)


def test_vectors_have_length_one_and_keep_their_order(encoder: Any) -> None:
    made = vectors(encoder)
    E = made.all()
    assert np.linalg.norm(E, axis=1) == pytest.approx(1.0, abs=1e-5)
    some = made(np.array([2, 0])).detach().numpy()
    assert some == pytest.approx(E[[2, 0]], abs=1e-5)


def test_only_the_last_layers_are_tuned(encoder: Any) -> None:
    assert {n.split(".")[3] for n in vectors(encoder, Weights(layers=1)).parameters} == {"1"}
    assert len(vectors(encoder).parameters) > len(vectors(encoder, Weights(layers=2)).parameters)
    with pytest.raises(BadRecipe, match="the model has 2"):
        vectors(encoder, Weights(layers=3))


@pytest.mark.parametrize("method", ["lora", "dora"])
def test_low_rank_additions_start_at_nothing_and_merge(encoder: Any, method: Any) -> None:
    made = vectors(encoder, Weights(method=method, rank=2))
    assert all("lora" in name for name in made.parameters)
    assert made.all() == pytest.approx(vectors(encoder).all(), abs=1e-5)
    import torch

    with torch.no_grad():
        for parameter in made.parameters.values():
            parameter.add_(0.05)
    moved = made.all()
    merged = made.merged()
    assert not np.allclose(moved, vectors(encoder).all(), atol=1e-3)
    plain = TextVectors(merged, merged.tokens(TEXTS), Weights(), 0)
    assert not any("lora" in name for name in plain.parameters)
    assert plain.all() == pytest.approx(moved, abs=1e-4)


def test_low_rank_additions_of_the_last_layer_alone_come_from_the_seed(encoder: Any) -> None:
    import torch

    before = torch.get_rng_state()
    first, again, other = (
        vectors(encoder, Weights(method="lora", rank=2, layers=1), seed).parameters
        for seed in (1, 1, 2)
    )
    assert torch.equal(before, torch.get_rng_state())
    assert all(".1." in name for name in first)
    down = next(name for name in first if "lora_A" in name)
    assert torch.equal(first[down], again[down])
    assert not torch.equal(first[down], other[down])


def test_long_texts_are_cut_but_for_their_end(encoder: Any) -> None:
    made = vectors(encoder, Weights(max_tokens=4))
    assert [made.tokens[i].tolist() for i in range(4)] == [
        [1, 4, 5, 2],
        [1, 6, 2],
        [1, 7, 8, 2],
        [1, 2],
    ]
    model = encoder.language_model()
    assert len(TextVectors(model, Ragged.of([]), Weights(), 0).tokens) == 0


def test_kept_makes_once_and_again_after_an_interruption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path))
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        (folder / "weights").write_text("x")

    def broken(folder: Path) -> None:
        (folder / "weights").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept("part", {"a": 1}, broken)
    first = kept("part", {"a": 1}, make)
    assert kept("part", {"a": 1}, make) == first
    assert kept("part", {"a": 2}, make) != first
    assert len(made) == 2
    assert (first / "weights").read_text() == "x"
    told = store.read(first.parent)
    assert told is not None
    assert told.facts == {"part": "part", "a": 1}
