"""Worlds of a catalogue: text speaks of the topics, the copied image only of the text."""

from __future__ import annotations

import numpy as np
import pytest

from palate.data.worlds import CatalogueWorld, cold_text, copied_image


@pytest.mark.parametrize("make", [cold_text, copied_image])
def test_a_whole_data_set(make: object) -> None:
    world = make(2, n_users=40, n_items=60, per_user=12)  # type: ignore[operator]
    log = world.data.interactions
    assert np.bincount(log.user).tolist() == [12] * 40
    assert len({(u, i) for u, i in zip(log.user.tolist(), log.item.tolist(), strict=True)}) == len(
        log
    )
    assert world.data.catalogue.column("description").null_count() == 0
    assert set(world.features.blocks) == {"text", "image", "noise"} == set(world.roles)
    assert world.drivers == {"text"}


def test_cold_items_come_late() -> None:
    world = cold_text(2, n_users=40, n_items=60, per_user=12)
    log = world.data.interactions
    assert log.time is not None
    assert log.time[np.isin(log.item, world.cold)].min() >= 9


def _explained(X: np.ndarray, Y: np.ndarray, given: np.ndarray) -> float:
    """Share of Y's variance that X explains beside `given`, by least squares."""

    def rest(M: np.ndarray, by: np.ndarray) -> np.ndarray:
        by = np.column_stack([np.ones(len(by)), by])
        return M - by @ np.linalg.lstsq(by, M, rcond=None)[0]

    left = rest(Y, given)
    return 1 - rest(left, rest(X, given)).var() / left.var()


def _matrix(world: CatalogueWorld, name: str) -> np.ndarray:
    return np.asarray(world.features.block(name).matrix, np.float64)


def test_text_tells_topics_and_a_copied_image_little_more() -> None:
    world, plain = copied_image(1, n_items=600), cold_text(1, n_items=600)
    nothing = np.empty((600, 0))
    assert _explained(_matrix(world, "text"), world.topics, nothing) > 0.95
    assert _explained(_matrix(world, "image"), world.topics, nothing) > 0.9
    assert _explained(_matrix(plain, "image"), plain.topics, nothing) < 0.1
    assert _explained(_matrix(world, "image"), world.topics, _matrix(world, "text")) < 0.2


def test_people_choose_by_topic() -> None:
    world = cold_text(1)
    log = world.data.interactions
    liked = np.einsum("ij,ij->i", world.taste[log.user], world.topics[log.item]).mean()
    assert liked > 1.5 * (world.taste @ world.topics.T).mean()


def test_words_are_those_of_the_topics() -> None:
    world = cold_text(3, n_users=20, n_items=200, per_user=5)
    leading = world.topics.argmax(axis=1)
    words = [set(text.split()) for text in world.data.catalogue.column("description")]
    same = [
        len(words[a] & words[b]) for a in range(60) for b in range(a) if leading[a] == leading[b]
    ]
    apart = [
        len(words[a] & words[b]) for a in range(60) for b in range(a) if leading[a] != leading[b]
    ]
    assert np.mean(same) > 2 * np.mean(apart)
