"""Graphs that somebody states: reading them, d-separation, and which columns close back doors."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from palate.errors import BadInput, Refused
from palate.evaluate.causal.adjustment import adjustment
from palate.evaluate.causal.graph import CausalGraph

CONFOUNDED = "z -> t; z -> y; t -> y"
M_SHAPE = "u -> t; u -> m; v -> m; v -> y; t -> y"


class TestReading:
    def test_chains_lines_and_semicolons(self) -> None:
        graph = CausalGraph.parsed("a -> b -> c;\n a->c\n")
        assert graph.edges == (("a", "b"), ("b", "c"), ("a", "c"))

    @pytest.mark.parametrize("text", ["a", "a ->", "-> b", "a -> b; c", "a -> -> b"])
    def test_anything_else_is_refused(self, text: str) -> None:
        with pytest.raises(BadInput, match="CAUSE -> EFFECT"):
            CausalGraph.parsed(text)

    @pytest.mark.parametrize("text", ["a -> a", "a -> b -> c -> a"])
    def test_cycles_are_refused(self, text: str) -> None:
        with pytest.raises(BadInput, match="its own cause"):
            CausalGraph.parsed(text)

    def test_an_unknown_name_is_refused_with_the_nearest(self) -> None:
        with pytest.raises(BadInput, match='did you mean "popularity"'):
            adjustment(CausalGraph.parsed("popularity -> y"), "popularty", "y", [])


def separated_by_moral_graph(graph: CausalGraph, a: str, b: str, held: set[str]) -> bool:
    """The same by another road: marry parents among the ancestors, take away what is held."""
    there = graph.ancestors([a, b, *held])
    links = {frozenset(e) for e in graph.edges if set(e) <= there}
    for node in there:
        links |= {frozenset(p) for p in combinations(graph.parents[node], 2)}
    reached, waiting = {a}, [a]
    while waiting:
        here = waiting.pop()
        for link in links:
            if here in link:
                (other,) = link - {here}
                if other not in reached | held:
                    reached.add(other)
                    waiting.append(other)
    return b not in reached


@given(st.integers(0, 2**32 - 1))
def test_open_paths_are_those_of_the_moral_graph(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [f"n{k}" for k in range(6)]
    pairs = [pair for pair in combinations(names, 2) if rng.random() < 0.4]
    graph = CausalGraph(tuple(pairs))
    if len(graph.nodes) < 3:
        return
    a, b, *rest = rng.permutation(graph.nodes)
    held = {one for one in rest if rng.random() < 0.4}
    path = graph.open_path(a, b, held)
    assert bool(path) != separated_by_moral_graph(graph, a, b, held)
    if path:
        assert (path[0], path[-1]) == (a, b)


class TestBackDoor:
    def test_a_confounder_is_held_fixed(self) -> None:
        found = adjustment(CausalGraph.parsed(CONFOUNDED), "t", "y", ["t", "y", "z"])
        assert found.columns == ("z",)

    def test_a_confounder_that_was_not_measured_is_named(self) -> None:
        with pytest.raises(Refused, match=r"t <- z -> y") as caught:
            adjustment(CausalGraph.parsed(CONFOUNDED), "t", "y", ["t", "y"])
        assert 'measure "z"' in caught.value.next_step

    def test_a_confounder_that_was_left_out_is_named(self) -> None:
        graph = CausalGraph.parsed(f"{CONFOUNDED}; w -> y")
        with pytest.raises(Refused) as caught:
            adjustment(graph, "t", "y", ["t", "y", "z", "w"], ["w"])
        assert caught.value.next_step == 'adjust for "z", which the log has'

    def test_a_mediator_is_refused(self) -> None:
        graph = CausalGraph.parsed(f"{CONFOUNDED}; t -> m -> y")
        with pytest.raises(Refused, match="a mediator"):
            adjustment(graph, "t", "y", ["t", "y", "z", "m"], ["z", "m"])

    def test_an_effect_of_both_is_refused(self) -> None:
        graph = CausalGraph.parsed(f"{CONFOUNDED}; t -> c; y -> c")
        with pytest.raises(Refused, match="an effect"):
            adjustment(graph, "t", "y", ["t", "y", "z", "c"], ["z", "c"])

    def test_a_collider_before_the_treatment_is_refused(self) -> None:
        with pytest.raises(Refused, match='"m" is a collider'):
            adjustment(CausalGraph.parsed(M_SHAPE), "t", "y", ["t", "y", "m"], ["m"])
        assert adjustment(CausalGraph.parsed(M_SHAPE), "t", "y", ["t", "y", "m"]).columns == ()

    def test_what_only_moves_the_treatment_is_left_out(self) -> None:
        graph = CausalGraph.parsed(f"{CONFOUNDED}; i -> t; w -> y")
        found = adjustment(graph, "t", "y", ["t", "y", "z", "i", "w"])
        assert found.columns == ("z", "w")
        assert found.unused == ("i",)

    def test_an_outcome_that_causes_the_treatment_is_refused(self) -> None:
        with pytest.raises(Refused, match="other way round"):
            adjustment(CausalGraph.parsed("y -> t"), "t", "y", ["t", "y"])

    @given(st.integers(0, 2**32 - 1))
    def test_what_is_chosen_passes_its_own_check(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        names = [f"n{k}" for k in range(6)]
        graph = CausalGraph(
            (*(p for p in combinations(names, 2) if rng.random() < 0.4), ("n2", "n5"))
        )
        measured = {"n2", "n5", *(n for n in graph.nodes if rng.random() < 0.6)}
        try:
            found = adjustment(graph, "n2", "n5", measured)
        except Refused:
            # nothing suffices: no subset of what was measured may pass either
            usable = sorted(measured - {"n2", "n5"} - graph.descendants("n2"))
            back = graph.without_effects("n2")
            for k in range(len(usable) + 1):
                assert all(back.open_path("n2", "n5", some) for some in combinations(usable, k))
            return
        again = adjustment(graph, "n2", "n5", measured, found.columns)
        assert again.columns == found.columns
