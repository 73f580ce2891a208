"""Item by item through candidates: no repeats, exact probabilities, roll-outs that keep what they
begin with, and readers that remember what they read.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.arrays import Ragged
from palate.gradient.engine import normal, tensor, torch_library, torch_rng
from palate.model.generate.choices import best, rolled_out, sampled
from palate.model.generate.network import Reader, new_parameters, reader
from palate.model.generate.pretrained import Network, items_of
from palate.model.generate.retrieved import Retrieved
from palate.model.generate.settings import GeneratorSettings
from palate.model.neural.sequences import padded

READERS = ("attention", "lstm")
N_ITEMS, WIDTH = 30, 8


def network(kind: Any, length: int = 4, trust: float = 1.0) -> Network:
    settings = GeneratorSettings(reader=kind, width=WIDTH, window=6, length=length, candidates=9)
    rng = torch_rng(0, "test")
    parameters = {n: v.detach() for n, v in new_parameters(settings, rng).items()}
    return Network(settings, parameters, normal((N_ITEMS, WIDTH), 0.5, rng).detach(), trust)


def found(n: int, m: int = 9, few: int = 0) -> Retrieved:
    rng = np.random.default_rng(1)
    items = np.stack([rng.permutation(N_ITEMS)[:m] for _ in range(n)]).astype(np.int32)
    if few:
        items[0, few:] = -1
    return Retrieved(items, rng.normal(size=(n, m)).astype(np.float32))


HISTORIES = Ragged.of([[1, 2, 3], [4], [], [5, 6, 7, 8, 9, 10, 11]])


@pytest.mark.parametrize("kind", READERS)
def test_reading_item_by_item_is_reading_the_whole(kind: str) -> None:
    net = network(kind)
    reads: Reader = reader(net.settings, net.parameters)
    whole = padded(Ragged.of([[1, 2, 3, 4, 5], [6, 7, 8, 9]]), 6)
    hidden = reads.hidden(net.vectors[tensor(whole.items)], whole, None)
    begin = padded(Ragged.of([[1, 2, 3], [6, 7]]), 6)
    begun = reads.start(net.vectors[tensor(begin.items)], begin)
    np.testing.assert_allclose(begun.expected[0, 0], hidden[0, 2], atol=1e-5)
    np.testing.assert_allclose(begun.expected[1, 0], hidden[1, 1], atol=1e-5)
    for step in range(2):
        items = np.array([[[4], [5]][step], [[8], [9]][step]])
        begun = reads.extended(begun, net.vectors[tensor(items)])
        np.testing.assert_allclose(begun.expected[0, 0], hidden[0, 3 + step], atol=1e-5)
        np.testing.assert_allclose(begun.expected[1, 0], hidden[1, 2 + step], atol=1e-5)


@pytest.mark.parametrize("kind", READERS)
def test_nothing_is_expected_after_nothing(kind: str) -> None:
    begun = network(kind).choices(HISTORIES, found(4)).begun
    assert (begun.expected[2] == 0).all()
    assert (begun.expected[[0, 1, 3]] != 0).any(2).all()


@pytest.mark.parametrize("kind", READERS)
@given(seed=st.integers(0, 1000), temperature=st.sampled_from([0.3, 1.0, 5.0]))
def test_no_list_repeats_an_item(kind: str, seed: int, temperature: float) -> None:
    choices = network(kind, length=9).choices(HISTORIES, found(4))
    pick = sampled(torch_rng(seed, "pick"), temperature)
    lists = choices.finished(choices.start(3), 9, pick).chosen
    assert (lists.sort(2).values == tensor(np.arange(9))).all()


@pytest.mark.parametrize("kind", READERS)
def test_where_candidates_run_out_a_list_ends(kind: str) -> None:
    lists = network(kind, length=6).lists(HISTORIES, found(4, few=2))
    assert (lists[0, 2:] == -1).all()
    assert len(set(lists[0, :2].tolist())) == 2
    assert all(len(set(row)) == 6 and min(row) >= 0 for row in lists[1:].tolist())


@pytest.mark.parametrize("kind", READERS)
def test_probabilities_add_up_to_one_over_what_is_open(kind: str) -> None:
    choices = network(kind).choices(HISTORIES, found(4, few=2))
    chosen = choices.finished(choices.start(2), 4, sampled(torch_rng(1, "pick"), 1.0)).chosen
    each = choices.log_probabilities(chosen, 1.0).exp()
    np.testing.assert_allclose(each.sum(3), 1, atol=1e-5)
    for position in range(1, 4):
        before = each[1:, :, position].gather(2, chosen[1:, :, :position])
        assert (before == 0).all()


def test_draws_are_as_likely_as_the_softmax_says() -> None:
    torch = torch_library()
    logits = torch.tensor([0.0, 1.0, 2.0, -torch.inf]).expand(20_000, 1, 4)
    drawn = sampled(torch_rng(3, "pick"), 2.0)(logits).ravel().numpy()
    wanted = torch.softmax(logits[0, 0] / 2.0, 0).numpy()
    shares = np.bincount(drawn, minlength=4) / len(drawn)
    error = np.sqrt(wanted * (1 - wanted) / len(drawn))
    assert (np.abs(shares - wanted) <= 4 * error).all()
    # a control that must fail: the same draws are not those of another temperature
    other = torch.softmax(logits[0, 0], 0).numpy()
    assert (np.abs(shares - other) > 4 * error).any()


@pytest.mark.parametrize("kind", READERS)
def test_roll_outs_keep_what_they_begin_with(kind: str) -> None:
    choices = network(kind).choices(HISTORIES, found(4))
    chosen = choices.finished(choices.start(), 4, best).chosen[:, 0]
    rolled = rolled_out(choices, chosen, 5, sampled(torch_rng(2, "pick"), 3.0))
    assert rolled.shape == (4, 3, 5, 4)
    for position in range(3):
        kept = rolled[:, position, :, : position + 1]
        assert (kept == chosen[:, None, : position + 1]).all()
    assert len({tuple(row) for row in rolled[0, 0].tolist()}) > 1
    assert all(len(set(row)) == 4 for row in rolled.reshape(-1, 4).tolist())


@pytest.mark.parametrize("kind", READERS)
def test_roll_outs_by_the_best_are_the_likeliest_list(kind: str) -> None:
    choices = network(kind).choices(HISTORIES, found(4))
    chosen = choices.likeliest(4)
    rolled = rolled_out(choices, chosen, 2, best)
    assert (rolled == chosen[:, None, None]).all()


def test_a_list_of_one_needs_no_roll_out() -> None:
    choices = network("lstm").choices(HISTORIES, found(4))
    assert rolled_out(choices, choices.likeliest(1), 2, best).shape == (4, 0, 2, 1)


def test_the_retriever_decides_where_it_is_trusted_alone() -> None:
    given_ = found(4)
    lists = network("attention", trust=1e6).lists(HISTORIES, given_)
    wanted = np.take_along_axis(given_.items, np.argsort(-given_.said, axis=1), 1)[:, :4]
    assert (lists == wanted).all()


@pytest.mark.parametrize("kind", READERS)
def test_lists_that_do_not_look_at_themselves_are_the_best_items_one_by_one(kind: str) -> None:
    net, given_ = network(kind), found(4)
    apart = replace(net, follow=0.0).choices(HISTORIES, given_)
    assert (apart.likeliest(4) == net.choices(HISTORIES, given_).one_by_one(4)).all()
    halfway = replace(net, follow=0.5).choices(HISTORIES, given_)
    lists = halfway.extended(halfway.start(), apart.likeliest(1))
    ends = [replace(net, follow=f).choices(HISTORIES, given_).logits(lists) for f in (0.0, 1.0)]
    inside = (ends[0] > -1e9).numpy()
    mean = ((ends[0] + ends[1]) / 2).numpy()[inside]
    np.testing.assert_allclose(halfway.logits(lists).numpy()[inside], mean, atol=1e-4)


def test_items_of_lists() -> None:
    given_ = Retrieved(np.array([[7, 3, -1]], np.int32), np.zeros((1, 3), np.float32))
    chosen = np.array([[[1, 0, 2], [0, 1, 2]]])
    assert items_of(given_, chosen).tolist() == [[[3, 7, -1], [7, 3, -1]]]
