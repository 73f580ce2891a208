"""A log, a treatment, an outcome and a graph -> effects, refuters and a verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from palate.data.readers.files import read_file
from palate.data.readers.text import as_utf8
from palate.data.table import Table
from palate.errors import BadInput, Refused
from palate.evaluate.causal.adjustment import Adjustment, adjustment
from palate.evaluate.causal.card import OverlapCard, overlap_card
from palate.evaluate.causal.effects import Scores, SegmentEffect, by_segment, naive, scores
from palate.evaluate.causal.graph import CausalGraph
from palate.evaluate.causal.nuisances import Family
from palate.evaluate.causal.observed import Observed
from palate.evaluate.causal.refuters import Refuted, refuted
from palate.evaluate.causal.sensitivity import EValue, sensitivity
from palate.progress import Progress, Silent
from palate.seeding import generator
from palate.study.causal.columns import CausalColumns, observed_of, segments
from palate.tables.estimate import Estimate


@dataclass(frozen=True)
class LevelEffect:
    """What a level of the treatment changes.

    Attributes:
        level: The level.
        reference: What it is compared with.
        effect: Its average effect on the outcome.
        naive: The difference of the two groups' means, with nothing held fixed.
        mean: Mean outcome, were everybody given the level.
        e_value: How strong something unmeasured would have to be.
        refuters: What came of the attempts to refute it; none where they were not made.
        segments: The effect by segment, if there are any.
        sentence: The same in words.
    """

    level: str
    reference: str
    effect: Estimate
    naive: Estimate
    mean: Estimate
    e_value: EValue
    refuters: tuple[Refuted, ...]
    segments: tuple[SegmentEffect, ...]
    sentence: str


@dataclass(frozen=True)
class CausalResult:
    """Effects of a treatment, under what was assumed.

    Attributes:
        log: The file.
        columns: Which column was taken for what; `adjust` is what was held fixed.
        graph: What causes what, as stated.
        adjustment: What the graph says.
        families: Kind of the model of the propensities, and of the outcome.
        card: Overlap, balance and verdict.
        effects: Of each level but the reference; empty where the verdict is "refused".
        sentence: What was assumed, and what was found.
    """

    log: str
    columns: CausalColumns
    graph: CausalGraph
    adjustment: Adjustment
    families: tuple[str, str]
    card: OverlapCard
    effects: tuple[LevelEffect, ...]
    sentence: str


@dataclass(frozen=True)
class CausalSettings:
    """How effects are estimated.

    Attributes:
        by: Columns whose values are segments; known before the treatment.
        family: Kind of the two models.
        refute: Whether refuters are tried; they take four times as long as the effect.
        seed: Seed for whatever is random.
        force: Give estimates where the verdict is "refused", too: they are no evidence.
    """

    by: tuple[str, ...] = ()
    family: Family = "best"
    refute: bool = True
    seed: int = 0
    force: bool = False


def causal(
    log: Path,
    columns: CausalColumns,
    graph: str,
    settings: CausalSettings | None = None,
    progress: Progress | None = None,
) -> CausalResult:
    """Estimate what a treatment changes.

    Args:
        log: A row each for what was treated, or not, and what came of it; any file that palate
            reads.
        columns: Which column is what. Without `adjust` the graph chooses.
        graph: What causes what: "popularity -> position; popularity -> click; position -> click",
            or the path of a text file that says so.
        settings: See `CausalSettings`.
        progress: Receives the stages.

    Returns:
        Effects and verdict; no effects where that is "refused".

    Raises:
        BadInput: The file, a column or the graph is not what it has to be.
        Refused: By the graph the effect cannot be estimated from what was measured.

    Cost: see `palate.evaluate.causal.nuisances.cross_fitted`; five times that with refuters, for
    each level.
    """
    s, progress = settings or CausalSettings(), progress or Silent()
    table = read_file(log)
    stated = _graph(graph)
    chosen = _adjustment(table, columns, stated, s)
    columns = replace(columns, adjust=chosen.columns)
    observed = observed_of(table, columns)
    progress.begin("estimate")
    found = scores(observed, generator(s.seed, "causal", "folds"), s.family)
    progress.end()
    card = overlap_card(found)
    effects = tuple[LevelEffect, ...]()
    if card.verdict != "refused" or s.force:
        effects = _effects(observed, found, table, columns, s, progress)
    result = CausalResult(
        str(log), columns, stated, chosen, found.nuisances.families, card, effects, sentence=""
    )
    return replace(result, sentence=_sentence(result))


def _graph(given: str) -> CausalGraph:
    if "->" in given or not Path(given).is_file():
        return CausalGraph.parsed(given)
    return CausalGraph.parsed(as_utf8(Path(given).read_bytes(), given).data.decode())


def _adjustment(
    table: Table, columns: CausalColumns, graph: CausalGraph, s: CausalSettings
) -> Adjustment:
    stated = columns.adjust or None
    found = adjustment(graph, columns.treatment, columns.outcome, table.frame.columns, stated)
    after = graph.descendants(columns.treatment)
    for name in s.by:
        if name in (columns.treatment, columns.outcome) or name in after:
            raise Refused(
                f'"{name}" comes after the treatment, so its segments are no groups of people',
                where="by",
                next_step="take a column that was known before",
            )
    return found


def _effects(
    observed: Observed,
    found: Scores,
    table: Table,
    columns: CausalColumns,
    s: CausalSettings,
    progress: Progress,
) -> tuple[LevelEffect, ...]:
    each = list[LevelEffect]()
    progress.begin("refute", len(observed.levels) - 1)
    for k in range(1, len(observed.levels)):
        parts = tuple[SegmentEffect, ...]()
        for name in s.by:
            code, names = segments(table, name)
            parts += by_segment(found, k, code[found.kept], names)
        tried = refuted(observed, found, k, s.seed, s.family) if s.refute else ()
        effect = LevelEffect(
            observed.levels[k],
            observed.levels[0],
            found.effect(k),
            naive(observed, k),
            found.mean(k),
            sensitivity(found, k),
            tried,
            parts,
            sentence="",
        )
        each.append(replace(effect, sentence=_said(effect, columns)))
        progress.advance(k, len(observed.levels) - 1)
    progress.end()
    return tuple(each)


def _said(one: LevelEffect, columns: CausalColumns) -> str:
    e = one.effect
    said = (
        f"{columns.treatment} {one.level} in place of {one.reference} changes {columns.outcome} by"
        f" {e.value:+.4g} ({e.low:+.4g} to {e.high:+.4g}); without holding anything fixed it looks"
        f" like {one.naive.value:+.4g}"
    )
    if e.low <= 0 <= e.high:
        return f"{said}. No effect is shown"
    failed = [r.name for r in one.refuters if not r.passed]
    if failed:
        said += f". REFUTED by {', '.join(failed)}: do not rely on it"
    elif one.e_value.bound == one.e_value.bound:
        said += (
            f". Something unmeasured would have to raise the chance of both {one.e_value.value:.2f}"
            f" times to explain it ({one.e_value.bound:.2f} for its interval)"
        )
    return said


def _sentence(result: CausalResult) -> str:
    assumed = "; ".join(result.adjustment.assumed)
    card = result.card
    if not result.effects:
        return f"these rows cannot tell: {card.reasons[0]}"
    strength = {"ok": "", "weak": "weak evidence: ", "refused": "no evidence: "}[card.verdict]
    found = ". ".join(one.sentence for one in result.effects)
    return ". ".join([f"{strength}{found}", *card.reasons, f"Assumed: {assumed}."])


def columns_named(text: str) -> tuple[str, ...]:
    """Names separated by commas.

    Raises:
        BadInput: An empty name.

    >>> columns_named("popularity, price")
    ('popularity', 'price')
    """
    names = tuple(one.strip() for one in text.split(",")) if text.strip() else ()
    if not all(names):
        raise BadInput(f'"{text}"', where="columns", allowed="names separated by commas")
    return names
