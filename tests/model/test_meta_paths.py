from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Ragged
from palate.errors import BadRecipe, Refused
from palate.model.meta_paths import PEOPLE, MetaPaths, MetaPathsSettings
from palate.model.path_sum import PathSum
from palate.model.rp3beta import Rp3beta, Rp3betaSettings
from palate.seeding import generator
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

N_ITEMS, N_KINDS = 60, 12


def block_of(kind: np.ndarray, name: str = "kinds", n_kinds: int = N_KINDS) -> Block:
    """One entity an item; -1 for none."""
    known = np.flatnonzero(kind >= 0)
    index = (known, kind[known])
    E = sparse.csr_matrix((np.ones(len(known), np.float32), index), (len(kind), n_kinds))
    columns = tuple(f"kind {j}" for j in range(n_kinds))
    return Block(name, E, kind >= 0, Origin("made"), columns)


def world(seed: int = 0, truth: bool = True, n_users: int = 300) -> Training:
    """People take items of two kinds each; what is held out for validation is of the last item's
    kind where there is a truth, and of any where there is none.
    """
    rng = generator(seed, "meta-paths")
    kind = np.arange(N_ITEMS) % N_KINDS
    user, item, targets = [], [], []
    for u in range(n_users):
        liked = rng.choice(N_KINDS, 2, replace=False)
        own = rng.choice(np.flatnonzero(np.isin(kind, liked)), 5, replace=False)
        user += [u] * 4
        item += own[:4].tolist()
        targets.append([int(own[4]) if truth else int(rng.integers(N_ITEMS))])
    log = Interactions(
        users=Vocabulary.of(str(u) for u in range(n_users)),
        items=Vocabulary.of(f"i{i}" for i in range(N_ITEMS)),
        user=np.asarray(user, np.int32),
        item=np.asarray(item, np.int32),
        value=np.ones(len(item)),
        time=np.arange(len(item), dtype=np.int64),
    )
    histories = Histories.of(log, np.arange(n_users, dtype=np.int32))
    wanted = Ragged.of([np.asarray(t, np.int32) for t in targets])
    validation = Cases(histories, histories.items, wanted)
    blocks = {"kinds": block_of(kind)}
    return Training(log, FeatureTable(log.items, blocks), validation)


def test_entities_that_tell_what_comes_next_get_a_weight() -> None:
    training = world()
    # what is asked for is new: no one took it before, and only its kind says something
    log = training.log
    old = log.take(np.flatnonzero(log.item < N_ITEMS - N_KINDS))
    cases = training.validation
    kind = cases.targets.values % N_KINDS + N_ITEMS - N_KINDS
    new = Cases(
        Histories.of(old, cases.histories.users), cases.seen, Ragged.of(kind[:, None].tolist())
    )
    model = MetaPaths().fit(Training(old, training.features, new))
    assert any("kinds" in name for name in model.paths_), model.paths_
    assert all(weight > 0 for weight in model.paths_.values())


@pytest.mark.parametrize("seed", range(3))
def test_entities_that_tell_nothing_get_none(seed: int) -> None:
    training = world(seed)
    rng = generator(seed, "entities of others")
    shuffled = block_of(rng.permutation(np.arange(N_ITEMS) % N_KINDS))
    training = replace(training, features=training.features.replaced(shuffled))
    assert set(MetaPaths().fit(training).paths_) == {PEOPLE}


def test_with_people_alone_the_scores_are_those_of_rp3beta() -> None:
    training = world(truth=False)
    model = MetaPaths(MetaPathsSettings(evidence=50.0)).fit(training)
    assert set(model.paths_) == {PEOPLE}
    plain = Rp3beta(Rp3betaSettings(neighbours=200)).fit(training)
    cases = training.validation.histories
    scale = 1 / model.paths_[PEOPLE]
    np.testing.assert_allclose(model.score(cases) * scale, plain.score(cases), rtol=1e-4, atol=1e-7)


def test_each_path_is_the_product_of_its_steps() -> None:
    training = world(n_users=40)
    model = MetaPaths()
    people = sparse.csr_matrix(generator(0, "p").random((N_ITEMS, N_ITEMS)).astype(np.float32))
    people.setdiag(0)
    paths = model._paths(training.features, people, N_ITEMS)
    E = training.features.block("kinds").matrix.toarray().astype(np.float64)
    half = E / np.sqrt(E.sum(axis=1, keepdims=True))
    over = half @ (half / E.sum(axis=0)).T
    np.fill_diagonal(over, 0)
    P = people.toarray()
    wanted = {
        PEOPLE: P,
        "kinds": over,
        "kinds, kinds": over @ over,
        "people, kinds": P @ over,
        "kinds, people": over @ P,
    }
    assert list(paths) == list(wanted)
    for name, expected in wanted.items():
        if name != PEOPLE:
            np.fill_diagonal(expected, 0)
        np.testing.assert_allclose(paths[name].toarray(), expected, rtol=1e-5, atol=1e-7)


def test_only_the_likeliest_ends_are_kept() -> None:
    model = MetaPaths(MetaPathsSettings(neighbours=3))
    training = world(n_users=40)
    people = sparse.csr_matrix((N_ITEMS, N_ITEMS), dtype=np.float32)
    paths = model._paths(training.features, people, N_ITEMS)
    assert max(np.diff(paths["kinds"].indptr)) == 3
    assert paths["people, kinds"].nnz == 0


def test_a_new_item_is_reached_over_its_entities_and_the_others_stay() -> None:
    training = world()
    model = MetaPaths(MetaPathsSettings(evidence=0.0)).fit(training)
    kind = np.append(np.arange(N_ITEMS) % N_KINDS, [3, -1])
    items = Vocabulary.of((*training.log.items.ids, "new", "bare"))
    more = model.grow(FeatureTable(items, {"kinds": block_of(kind)}))
    cases = Histories.of_items(Ragged.of([[3], [4]]))
    before, after = model.score(cases), more.score(cases)
    np.testing.assert_array_equal(after[:, :N_ITEMS], before)
    assert after[0, N_ITEMS] > 0
    assert not after[:, N_ITEMS + 1].any()
    again = MetaPaths(model.settings).load(more.state(), {})
    assert isinstance(again.similarity_, PathSum)
    np.testing.assert_array_equal(again.score(cases), after)


def test_it_needs_validation_cases_and_a_block() -> None:
    training = world(n_users=30)
    none = replace(training, validation=training.validation.take(np.zeros(0, np.int64)))
    with pytest.raises(Refused, match="validation"):
        MetaPaths().fit(none)
    with pytest.raises(BadRecipe, match="block of entities"):
        MetaPaths().fit(replace(training, features=FeatureTable(training.log.items, {})))
