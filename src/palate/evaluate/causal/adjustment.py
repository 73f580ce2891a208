"""Which columns to hold fixed so that what is left between a treatment and an outcome is the
effect.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import pairwise

from palate.errors import BadInput, Refused
from palate.evaluate.causal.graph import CausalGraph


@dataclass(frozen=True)
class Adjustment:
    """Columns that close every back door, by the graph.

    Attributes:
        columns: The columns, in the order of the graph.
        unused: Columns of the log that the graph names and that are better left out: what is only
            a cause of the treatment, or comes after it.
        assumed: What the graph takes for granted, in sentences.
    """

    columns: tuple[str, ...]
    unused: tuple[str, ...]
    assumed: tuple[str, ...]


def adjustment(
    graph: CausalGraph,
    treatment: str,
    outcome: str,
    measured: Collection[str],
    stated: Sequence[str] | None = None,
) -> Adjustment:
    """Check the stated columns by the back-door criterion, or find columns that meet it.

    Args:
        graph: What causes what.
        treatment: What would be changed.
        outcome: What is of interest.
        measured: Columns of the log.
        stated: Columns to adjust for; None: the graph chooses.

    Raises:
        BadInput: The treatment, the outcome or a stated column is not in the graph or not in the
            log.
        Refused: Nothing suffices that was measured, or what was stated does not: the message names
            the open path, the mediator or the collider.

    Pearl, Causality, 2009, section 3.3; the choice is the set of van der Zander, Liskiewicz &
    Textor, Constructing separators and adjustment sets in ancestral graphs, 2014, less what only
    moves the treatment (Henckel, Perkovic & Maathuis, JRSS B 2022).
    """
    graph.known(treatment, "treatment")
    graph.known(outcome, "outcome")
    if treatment == outcome:
        raise BadInput(f'"{treatment}" is treatment and outcome', where="treatment")
    if treatment in graph.descendants(outcome):
        raise Refused(
            f'by the graph "{outcome}" changes "{treatment}", not the other way round',
            where="graph",
            next_step="turn the edges round, or swap treatment and outcome",
        )
    if stated is None:
        columns = _chosen(graph, treatment, outcome, measured)
    else:
        columns = _checked(graph, treatment, outcome, measured, stated)
    named = [n for n in graph.nodes if n in measured and n not in (treatment, outcome, *columns)]
    return Adjustment(columns, tuple(named), _assumed(graph, treatment, outcome, columns))


def _chosen(
    graph: CausalGraph, treatment: str, outcome: str, measured: Collection[str]
) -> tuple[str, ...]:
    after = graph.descendants(treatment)
    before = graph.ancestors([treatment, outcome]) - after - {treatment, outcome}
    usable = [n for n in graph.nodes if n in before and n in measured]
    path = _open_back_door(graph, treatment, outcome, usable)
    if path:
        raise _not_enough(graph, treatment, outcome, measured, path, usable)
    for name in list(usable):
        rest = [n for n in usable if n != name]
        # what is independent of the outcome given the others adds noise and no protection
        if not graph.open_path(name, outcome, [*rest, treatment]):
            usable = rest
    return tuple(usable)


def _checked(
    graph: CausalGraph,
    treatment: str,
    outcome: str,
    measured: Collection[str],
    stated: Sequence[str],
) -> tuple[str, ...]:
    columns = tuple(dict.fromkeys(stated))
    for name in columns:
        graph.known(name, "column to adjust for")
        if name not in measured:
            raise BadInput(
                f'"{name}" is no column of the log',
                where="adjust",
                allowed=", ".join(n for n in graph.nodes if n in measured),
            )
        if name in (treatment, outcome):
            raise BadInput(f'"{name}" is the treatment or the outcome', where="adjust")
    _refuse_what_comes_after(graph, treatment, outcome, columns)
    path = _open_back_door(graph, treatment, outcome, columns)
    if path:
        for name in columns:
            rest = [n for n in columns if n != name]
            if not _open_back_door(graph, treatment, outcome, rest):
                raise Refused(
                    f'"{name}" is a collider: adjusting for it opens {_drawn(graph, path)}',
                    where="adjust",
                    next_step=f'leave "{name}" out, or adjust for another node of that path too',
                )
        raise _not_enough(graph, treatment, outcome, measured, path, columns)
    return columns


def _refuse_what_comes_after(
    graph: CausalGraph, treatment: str, outcome: str, columns: Sequence[str]
) -> None:
    after = graph.descendants(treatment)
    for name in columns:
        if name not in after:
            continue
        mediates = outcome in graph.descendants(name)
        kind = "a mediator: part of the effect goes through it" if mediates else "an effect"
        raise Refused(
            f'"{name}" comes after "{treatment}" in the graph; it is {kind}',
            where="adjust",
            allowed="columns that the treatment does not change",
            next_step=f'leave "{name}" out',
        )


def _open_back_door(
    graph: CausalGraph, treatment: str, outcome: str, given: Collection[str]
) -> tuple[str, ...]:
    return graph.without_effects(treatment).open_path(treatment, outcome, given)


def _not_enough(
    graph: CausalGraph,
    treatment: str,
    outcome: str,
    measured: Collection[str],
    path: Sequence[str],
    have: Sequence[str],
) -> Refused:
    after = graph.descendants(treatment)
    blocking = [n for n in path[1:-1] if n not in after and n not in have]
    there = [n for n in blocking if n in measured]
    gone = [n for n in blocking if n not in measured]
    missing = ", ".join(f'"{n}"' for n in there or gone)
    return Refused(
        f'the effect of "{treatment}" on "{outcome}" cannot be separated from'
        f" {_drawn(graph, path)}",
        where="graph",
        allowed="columns that close every back door",
        next_step=(
            f"adjust for {missing}, which the log has"
            if there
            else f"measure {missing or 'what stands on it'}; the log does not have it"
        ),
    )


def _drawn(graph: CausalGraph, path: Sequence[str]) -> str:
    """The path with its arrows.

    >>> _drawn(CausalGraph.parsed("u -> a; u -> b"), ["a", "u", "b"])
    'a <- u -> b'
    """
    said = path[0]
    for one, other in pairwise(path):
        said += f" {'->' if (one, other) in graph.edges else '<-'} {other}"
    return said


def _assumed(
    graph: CausalGraph, treatment: str, outcome: str, columns: Sequence[str]
) -> tuple[str, ...]:
    held = ", ".join(columns)
    return (
        f"nothing that is not in the graph changes both {treatment} and {outcome}",
        "each edge that the graph lacks is no cause",
        f"people alike in {held} were as likely to get any {treatment}"
        if held
        else f"{treatment} was given by chance",
        f"what one row got does not change {outcome} in another",
    )
