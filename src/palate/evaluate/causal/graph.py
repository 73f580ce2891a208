"""What causes what, as somebody states it, and whether some columns close every back door."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from palate.errors import BadInput, nearest

_ARROW = "->"


@dataclass(frozen=True)
class CausalGraph:
    """A directed graph without cycles; an edge says that its start may change its end.

    An edge that is not there is an assumption, and an edge that is there is none.

    Attributes:
        edges: Pairs (cause, effect), each once.
    """

    edges: tuple[tuple[str, str], ...]

    @classmethod
    def parsed(cls, text: str) -> CausalGraph:
        """Read edges, separated by semicolons or lines; `a -> b -> c` is two.

        Raises:
            BadInput: Something else stands there, a node causes itself, or there is a cycle.

        >>> CausalGraph.parsed("popularity -> position -> click; popularity -> click").nodes
        ('popularity', 'position', 'click')
        """
        edges = dict[tuple[str, str], None]()
        for part in text.replace("\n", ";").split(";"):
            if not part.strip():
                continue
            names = [name.strip() for name in part.split(_ARROW)]
            if len(names) < 2 or not all(names):
                raise BadInput(
                    f'"{part.strip()}"',
                    where="graph",
                    allowed='"CAUSE -> EFFECT", several separated by semicolons',
                )
            edges |= dict.fromkeys(pairwise(names))
        graph = cls(tuple(edges))
        graph._refuse_cycles()
        return graph

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """All names, as they appear."""
        return tuple(dict.fromkeys(name for edge in self.edges for name in edge))

    @cached_property
    def parents(self) -> Mapping[str, tuple[str, ...]]:
        """Node -> what changes it directly."""
        return {n: tuple(a for a, b in self.edges if b == n) for n in self.nodes}

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Node -> what it changes directly."""
        return {n: tuple(b for a, b in self.edges if a == n) for n in self.nodes}

    def ancestors(self, of: Iterable[str]) -> frozenset[str]:
        """Some nodes and all that may change them."""
        return _reached(of, self.parents)

    def descendants(self, of: str) -> frozenset[str]:
        """All that a node may change, without itself."""
        return _reached([of], self.children) - {of}

    def without_effects(self, of: str) -> CausalGraph:
        """The graph without the edges that leave a node: only back doors are left."""
        return CausalGraph(tuple(edge for edge in self.edges if edge[0] != of))

    def known(self, name: str, what: str) -> str:
        """The name, if it is a node.

        Raises:
            BadInput: It is none.
        """
        if name not in self.nodes:
            raise BadInput(
                f'the {what} "{name}" is not in the graph',
                where="graph",
                allowed=", ".join(self.nodes),
                next_step=nearest(name, self.nodes) or "add the edges from and to it",
            )
        return name

    def open_path(self, start: str, end: str, given: Collection[str]) -> tuple[str, ...]:
        """A shortest path along which two nodes depend on each other, given others; empty where
        they are d-separated.

        Cost: the edges, twice.

        Shachter, Bayes-Ball, UAI 1998; Koller & Friedman, Probabilistic Graphical Models, 2009,
        algorithm 3.1.

        >>> CausalGraph.parsed("a -> c; b -> c").open_path("a", "b", ["c"])
        ('a', 'c', 'b')
        """
        if start not in self.nodes or end not in self.nodes:
            return ()
        open_colliders, first = self.ancestors(n for n in given if n in self.nodes), (start, True)
        came: dict[tuple[str, bool], tuple[str, bool] | None] = {first: None}
        waiting = deque([first])
        while waiting:
            here = waiting.popleft()
            if here[0] == end:
                return _walked(here, came)
            for step in self._steps(*here, given, open_colliders):
                if step not in came:
                    came[step] = here
                    waiting.append(step)
        return ()

    def _steps(
        self, node: str, upwards: bool, given: Collection[str], open_colliders: Collection[str]
    ) -> list[tuple[str, bool]]:
        """Where a dependence goes on from a node that it reached from a child (upwards) or not."""
        up = [(parent, True) for parent in self.parents[node]]
        down = [(child, False) for child in self.children[node]]
        if upwards:
            return [] if node in given else up + down
        return (up if node in open_colliders else []) + ([] if node in given else down)

    def _refuse_cycles(self) -> None:
        for node in self.nodes:
            # self-loops are cycles of one
            if node in _reached(self.children[node], self.children):
                raise BadInput(
                    f'"{node}" is its own cause, by way of others',
                    where="graph",
                    allowed="a graph without cycles",
                    next_step="name the states of different times apart",
                )


def _reached(start: Iterable[str], onwards: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    found, waiting = set[str](), list(start)
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += onwards.get(node, ())
    return frozenset(found)


def _walked(
    end: tuple[str, bool], came: Mapping[tuple[str, bool], tuple[str, bool] | None]
) -> tuple[str, ...]:
    path, here = list[str](), end
    while True:
        path.append(here[0])
        before = came[here]
        if before is None:
            return tuple(reversed(path))
        here = before
