"""The choice of blocks, against an objective whose truth is written down by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import sparse

from palate.arrays import Doubles
from palate.budget import Budget
from palate.inference import clustered
from palate.study.selection.choose import CODECS, Chosen, Limits, choose
from palate.study.selection.storage import STORED, Choice, Packed, Permuted
from palate.study.selection.time import Time
from palate.tables import Block, FeatureTable, Origin, Vocabulary
from palate.tables.estimate import Estimate

N_USERS, N_ITEMS = 200, 30
USERS = np.arange(N_USERS, dtype=np.int32)
AS_THEY_ARE = Limits(codecs=())
INT8, FLOAT16 = (Packed(codec) for codec in CODECS)


def made(name: str, width: int = 8, seed: int = 0, seconds: float = 0.0) -> Block:
    matrix = np.random.default_rng(seed).normal(size=(N_ITEMS, width)).astype(np.float32)
    return Block(name, matrix, np.ones(N_ITEMS, np.bool_), Origin("made"), seconds=seconds)


@dataclass
class ByHand:
    """Stands for a `SelectionObjective`: `metric` says what a choice is worth to everybody, to
    which users of their own add a little.
    """

    table: FeatureTable
    metric: Callable[[Mapping[str, Any]], float]
    fixed: frozenset[str] = frozenset()
    noise: float = 0.02
    impostors: int = 0
    memory: dict[Any, Doubles] = field(default_factory=dict)

    @property
    def training(self) -> Any:
        return SimpleNamespace(features=self.table)

    @property
    def blocks(self) -> tuple[str, ...]:
        return tuple(self.table.blocks)

    def gains(self, choice: Choice) -> Doubles:
        key = frozenset(choice.items())
        if key not in self.memory:
            random = np.random.default_rng(len(self.memory))
            self.memory[key] = self.metric(choice) + random.normal(0, self.noise, N_USERS)
        return self.memory[key]

    def loss(self, before: Choice, after: Choice) -> Estimate:
        return clustered(self.gains(before) - self.gains(after), USERS)

    def flattered(self, choice: Choice) -> float:
        self.impostors += any(isinstance(s, Permuted) for s in choice.values())
        return self.metric(choice)

    def bytes_per_item(self, choice: Choice) -> float:
        part = {INT8: 0.25, FLOAT16: 0.5}
        return sum(
            self.table.block(n).n_bytes / N_ITEMS * part.get(s, 1.0) for n, s in choice.items()
        )

    def milliseconds_per_item(self, choice: Choice) -> float:
        return 1000 * sum(self.table.block(n).seconds for n in choice) / N_ITEMS


def objective(metric: Callable[[Mapping[str, Any]], float], *blocks: Block, **more: Any) -> ByHand:
    items = Vocabulary.of(range(N_ITEMS))
    return ByHand(FeatureTable(items, {b.name: b for b in blocks}), metric, **more)


def adding(**effects: float) -> Callable[[Mapping[str, Any]], float]:
    """A metric of 0.4, and more for each block that is there and on the right items."""
    return lambda choice: (
        0.4
        + sum(
            effects[name] for name, storage in choice.items() if not isinstance(storage, Permuted)
        )
    )


def chosen(judge: ByHand, limits: Limits = AS_THEY_ARE) -> Chosen:
    return choose(judge, limits, 0)  # type: ignore[arg-type]


def test_drivers_stay_and_noise_goes() -> None:
    found = chosen(
        objective(
            adding(driver=0.1, noise=0.0, other=0.08, harm=-0.05),
            *(made(name, seed=i) for i, name in enumerate(("driver", "noise", "other", "harm"))),
        )
    )
    assert dict(found.choice) == {"driver": STORED, "other": STORED}
    assert {move.block for move in found.moves} == {"noise", "harm"}
    assert found.moves[0].block == "harm"  # what is missed least goes first
    assert {move.what for move in found.moves} == {"dropped"}
    assert [move.bytes for move in found.moves] == [96.0, 64.0]


def test_without_blocks_there_is_nothing_to_choose() -> None:
    found = chosen(objective(adding()))
    assert (dict(found.choice), found.moves) == ({}, ())


def test_all_noise_leaves_nothing() -> None:
    found = chosen(objective(adding(a=0.0, b=0.0), made("a"), made("b", seed=1), noise=1e-9))
    assert dict(found.choice) == {}


def test_blocks_that_help_together_alone_stay() -> None:
    def together(choice: Mapping[str, Any]) -> float:
        return 0.5 if all(choice.get(name) == STORED for name in ("a", "b")) else 0.4

    found = chosen(objective(together, made("a"), made("b", seed=1)))
    assert set(found.choice) == {"a", "b"}


def test_what_may_be_given_up_is_given_up() -> None:
    effects = adding(big=0.3, small=0.01)
    blocks = (made("big"), made("small", seed=1))
    generous, strict = (
        chosen(objective(effects, *blocks, noise=1e-4), Limits(keep, codecs=()))
        for keep in (0.9, 1.0)
    )
    assert set(generous.choice) == {"big"}
    assert set(strict.choice) == {"big", "small"}
    assert "may be given up" in generous.moves[0].why


@pytest.mark.parametrize(("width", "stays"), [(8, "first"), (2, "second")])
def test_of_a_block_and_its_copy_the_later_goes_or_the_far_dearer(width: int, stays: str) -> None:
    def either(choice: Mapping[str, Any]) -> float:
        return 0.4 + 0.1 * any(s == STORED for s in choice.values())

    # the copy says the same in as many columns, or in a quarter of them
    own = np.asarray(made("any", width).matrix)
    first, second = (
        Block(name, matrix, np.ones(N_ITEMS, np.bool_), Origin("made"))
        for name, matrix in (("first", np.tile(own, (1, 8 // width))), ("second", own))
    )
    found = chosen(objective(either, first, second))
    assert list(found.choice) == [stays]
    assert "says much the same" in found.moves[0].why


def test_a_block_that_helps_as_much_on_the_wrong_items_goes() -> None:
    def any_numbers(choice: Mapping[str, Any]) -> float:
        return 0.4 + 0.1 * ("lucky" in choice) + 0.1 * (choice.get("real") == STORED)

    judge = objective(any_numbers, made("lucky"), made("real", seed=1))
    found = chosen(judge)
    assert list(found.choice) == ["real"]
    assert found.moves[0].block == "lucky"
    assert "Permuted among the items" in found.moves[0].why
    # one impostor tells of the lucky one, five that are far behind of the real one
    assert judge.impostors == 1 + 5


def test_the_smallest_codec_that_costs_nothing_is_taken() -> None:
    def coarse(choice: Mapping[str, Any]) -> float:
        right = {"fine": (STORED, FLOAT16), "rough": (STORED, FLOAT16, INT8), "exact": (STORED,)}
        return 0.4 + sum(0.1 * (choice.get(n) in kept) for n, kept in right.items())

    names = ("fine", "rough", "exact", "words", "later")
    blocks = [made(name, seed=i) for i, name in enumerate(names[:3])]
    found = chosen(objective(coarse, *blocks, noise=1e-6), Limits(keep=0.999))
    assert dict(found.choice) == {"fine": FLOAT16, "rough": INT8, "exact": STORED}
    assert [(m.block, m.what) for m in found.moves] == [
        ("fine", "storage.float16.v1"),
        ("rough", "storage.int8.v1"),
    ]
    assert found.moves[-1].bytes == 16 + 8 + 32


def test_sparse_blocks_and_those_made_further_are_stored_as_they_are() -> None:
    words = Block(
        "words",
        sparse.csr_matrix(np.eye(N_ITEMS, dtype=np.float32)),
        np.ones(N_ITEMS, np.bool_),
        Origin("made"),
    )

    def there(choice: Mapping[str, Any]) -> float:
        return 0.4 + 0.1 * sum(not isinstance(s, Permuted) for s in choice.values())

    judge = objective(there, words, made("tuned"), noise=1e-6, fixed=frozenset({"tuned"}))
    assert dict(chosen(judge, Limits()).choice) == {"words": STORED, "tuned": STORED}


def test_a_budget_of_bytes_takes_what_gives_least_for_its_bytes() -> None:
    judge = objective(
        adding(small=0.05, wide=0.08, dense=0.1),
        made("small", width=2),
        made("wide", width=32, seed=1),
        made("dense", width=8, seed=2),
    )
    found = chosen(judge, Limits(bytes_per_item=50.0, codecs=()))
    assert set(found.choice) == {"small", "dense"}  # 8 and 32 bytes; the wide one has 128
    assert judge.bytes_per_item(found.choice) <= 50
    assert "budget" in found.moves[-1].why
    assert found.moves[-1].loss.value == pytest.approx(0.08, abs=0.01)
    assert chosen(judge, Limits(bytes_per_item=0.0, codecs=())).choice == {}


def test_a_budget_of_time_counts_seconds_and_not_bytes() -> None:
    judge = objective(
        adding(quick=0.05, slow=0.08),
        made("quick", width=32, seconds=0.03),
        made("slow", width=2, seed=1, seconds=30.0),
    )
    found = chosen(judge, Limits(milliseconds=10.0, codecs=()))
    assert set(found.choice) == {"quick"}


@pytest.mark.parametrize(
    ("seconds", "dropped", "checked"), [(1000, 3, True), (9, 2, False), (6, 1, False)]
)
def test_no_step_begins_that_is_expected_to_end_too_late(
    seconds: float, dropped: int, checked: bool
) -> None:
    """Each choice takes a second; four blocks take five at least, eight with a second round, ten
    with a third.
    """
    now = [0.0]

    def slow(choice: Mapping[str, Any]) -> float:
        now[0] += 1.0
        return adding(driver=0.2, x=0.0, y=0.0, z=0.0)(choice)

    judge = objective(slow, *(made(n, seed=i) for i, n in enumerate(("driver", "x", "y", "z"))))
    time = Time(Budget(seconds, lambda: now[0]), slowest=1.0)
    found = choose(judge, AS_THEY_ARE, 0, time)  # type: ignore[arg-type]
    assert len(found.moves) == dropped
    assert "driver" in found.choice
    assert bool(judge.impostors) == checked
    assert bool(time.left_out) != checked
    assert now[0] <= seconds
    if not checked:
        gone = ", ".join(move.block for move in found.moves)
        kept = [
            f"whether {name} does better than itself on the wrong items" for name in found.choice
        ]
        assert time.left_out == [f"whether more than {gone} can go", *kept]


def test_codecs_for_which_there_is_no_time_are_said() -> None:
    time = Time(Budget(0.5, lambda: 0.0), slowest=1.0)
    judge = objective(adding(driver=0.2), made("driver"))
    found = choose(judge, Limits(), 0, time)  # type: ignore[arg-type]
    assert found.choice == {"driver": STORED}
    assert time.left_out[1:] == [f"whether driver can be stored by {codec}" for codec in CODECS]
