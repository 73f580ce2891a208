from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from tests.fuse.two_blocks import N

from palate.errors import BadRecipe, Refused
from palate.fuse.align import Align, AlignSettings
from palate.tables import Block, Origin, Training

KNOWN = 180
"""Items whose pairs are learnt from; the others are asked."""


def worlds(shuffled: bool = False, noise: float = 0.1) -> Mapping[str, Block]:
    """Images are texts, turned and with noise; or those of other items."""
    random = np.random.default_rng(3)
    texts = random.normal(size=(N, 12))
    turn = np.linalg.qr(random.normal(size=(12, 12)))[0]
    images = texts @ turn + noise * random.normal(size=(N, 12))
    if shuffled:
        images[:KNOWN] = images[random.permutation(KNOWN)]
    all_of_them = np.ones(N, bool)
    return {
        "text": Block("text", texts.astype(np.float32), all_of_them, Origin("t")),
        "image": Block("image", images.astype(np.float32), all_of_them, Origin("i")),
    }


def known_of(world: Training) -> Training:
    log = world.log
    return replace(world, log=log.take(log.item < KNOWN))


def found(blocks: Mapping[str, Block], world: Training, source: str, target: str) -> float:
    """Share of the unknown items whose own target is the nearest."""
    part = Align().fit(blocks, known_of(world))
    nearest = part.nearest(blocks, source, target, k=1)[KNOWN:, 0]
    return float(np.mean(nearest == np.arange(KNOWN, N)))


@pytest.mark.parametrize(("source", "target"), [("text", "image"), ("image", "text")])
def test_images_are_found_by_text_and_texts_by_image(
    world: Training, source: str, target: str
) -> None:
    assert found(worlds(), world, source, target) > 0.9


def test_shuffled_pairs_give_chance(world: Training) -> None:
    assert found(worlds(shuffled=True), world, "text", "image") < 0.1


def test_agreement_tells_the_two_apart(world: Training) -> None:
    true, false = (
        Align().fit(worlds(shuffled=s), known_of(world)).agreement_ for s in (False, True)
    )
    assert true[0] > 0.85
    assert false.mean() < true.mean() / 2


def test_an_item_with_a_text_alone_stands_where_its_image_would(world: Training) -> None:
    blocks = worlds()
    part = Align(AlignSettings(dims=8)).fit(blocks, known_of(world))
    whole = part.fuse(blocks)
    text_alone = np.arange(N) % 2 == 0
    image = blocks["image"]
    fewer = {**blocks, "image": replace(image, present=~text_alone)}
    part_of_it = part.fuse(fewer)
    assert whole.width == part_of_it.width == 8
    cosines = (np.asarray(whole.matrix) * np.asarray(part_of_it.matrix)).sum(axis=1)
    assert cosines.min() > 0.9
    assert (part.nearest(fewer, "image", "text", 3)[text_alone] == -1).all()
    assert np.isin(part.nearest(fewer, "text", "image", 3), np.flatnonzero(~text_alone)).all()


def test_more_neighbours_than_items(world: Training) -> None:
    blocks = worlds()
    few = {n: replace(b, matrix=b.matrix[:4], present=b.present[:4]) for n, b in blocks.items()}
    near = Align().fit(blocks, known_of(world)).nearest(few, "text", "image", k=6)
    assert near.shape == (4, 6)
    assert (near[:, 4:] == -1).all()
    assert (np.sort(near[:, :4], axis=1) == np.arange(4)).all()


def test_refusals(world: Training) -> None:
    blocks = worlds()
    with pytest.raises(Refused, match="only 0 training items"):
        Align().fit({n: replace(b, present=~b.present) for n, b in blocks.items()}, world)
    part = Align().fit(blocks, world)
    with pytest.raises(BadRecipe, match='did you mean "image"'):
        part.nearest(blocks, "text", "imag")
