"""From an effect and its evidence to their page."""

from __future__ import annotations

from pathlib import Path

from palate import store
from palate.report.causal_graph import Role, drawn_graph
from palate.report.causes import CausesView, LevelView, causes_page, effects_forest, refuter_row
from palate.study.causal.study import CausalResult, LevelEffect
from palate.translation import ENGLISH, in_language


def write_page(found: CausalResult, into: Path, language: str = ENGLISH) -> Path:
    """Write the page of a causal question, in one step.

    Args:
        found: What was found, or that these rows cannot tell.
        into: The file.
        language: Of the page; names stay as they are.

    Returns:
        Where it lies.

    Raises:
        BadInput: palate does not speak the language.
    """
    store.write_text(into, in_language(causes_page(_view(found)), language))
    return into


def card_rows(found: CausalResult) -> tuple[tuple[str, str], ...]:
    """Figures of the rows: (name, value in words)."""
    card = found.card
    return (
        ("rows", f"{card.n_rows:,}"),
        ("users", f"{card.n_users:,}"),
        ("held fixed", ", ".join(found.columns.adjust) or "nothing"),
        ("models", ", ".join(found.families)),
        ("left out", f"{card.trimmed:.1%}"),
        *((f"effective rows of {name}", f"{n:,.0f}") for name, n in card.effective.items()),
        ("imbalance before", f"{card.before:.2f}"),
        ("imbalance after", f"{card.after:.2f}"),
        ("verdict", card.verdict),
    )


def _view(found: CausalResult) -> CausesView:
    tone = found.card.verdict
    return CausesView(
        Path(found.log).name,
        found.sentence.partition(" Assumed:")[0],
        tone,
        drawn_graph(found.graph.edges, _roles(found)),
        found.adjustment.assumed,
        [_level(one, found) for one in found.effects],
        card_rows(found),
        found.card.reasons,
    )


def _level(one: LevelEffect, found: CausalResult) -> LevelView:
    parts = [(s.segment, s.effect) for s in one.segments]
    return LevelView(
        f"{one.level} in place of {one.reference}",
        f"{one.sentence}.",
        effects_forest(found.columns.outcome, one.effect, one.naive, parts),
        tuple(map(refuter_row, one.refuters)),
    )


def _roles(found: CausalResult) -> dict[str, Role]:
    known: dict[str, Role] = dict.fromkeys(found.graph.nodes, "not measured")
    known |= dict.fromkeys(found.adjustment.unused, "left out")
    known |= dict.fromkeys(found.adjustment.columns, "held")
    return known | {found.columns.treatment: "treatment", found.columns.outcome: "outcome"}
