"""Pictures that explain a finished run: what moves a ranker's scores, which words count, reasons in
sentences.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from palate import optional
from palate.arrays import Doubles, Floats, Rows, dense, l2_normalised
from palate.data.titles import titles
from palate.encode.fitted import FittedBlock
from palate.errors import PalateError, Refused
from palate.explain.attribution.occlusion import occlusion
from palate.explain.attribution.pieces import Attribution
from palate.explain.importance.trees import BoosterPredictor
from palate.explain.reasons.because import because
from palate.explain.reasons.counterfactual import counterfactual, parts_of
from palate.explain.reasons.sentences import because_you, would_change
from palate.inference import cluster_codes
from palate.ranks import masked, top
from palate.runs.importance_rows import Because, Dot, Piece, Swarm, Words
from palate.runs.open import OpenedRun
from palate.seeding import generator
from palate.select.pairs import match_examples
from palate.select.user_folds import half
from palate.stages import AdditiveScorer, Scorer
from palate.tables import FeatureTable, Histories
from palate.tables.labelled_rows import LabelledRows

SWARM_USERS = 250
"""Users that the ranker is trained on and shown for."""
DOTS = 220
"""Dots of a block."""
ROUNDS = 60
PEOPLE = 3
"""People that words and reasons are shown for."""
LEAST = 0.03
"""A past item is named as a reason if it makes this share of the score."""
MOST_WORDS = 60
"""Words of a text that are hidden in turn."""


def swarm(run: OpenedRun, features: FeatureTable, names: Sequence[str]) -> tuple[Swarm, ...]:
    """What each block adds to the scores of a LightGBM ranker trained on the blocks; empty where
    LightGBM is missing.
    """
    if importlib.util.find_spec("lightgbm") is None:
        return ()
    seed, log = run.recipe.seed, run.split.train
    some = generator(seed, "swarm", "users").permutation(log.n_users)[:SWARM_USERS]
    examined = FeatureTable(features.items, {n: features.block(n) for n in names})
    try:
        rows = match_examples(log.take(np.isin(log.user, some)), examined, seed, components=4)
    except Refused:
        return ()
    taught = half(rows, seed, 0)
    shown = rows.take(~taught)
    parts = _ranker(rows.take(taught)).contributions(shown.blocks)
    drawn = generator(seed, "swarm", "dots").permutation(len(shown))[:DOTS]
    return tuple(Swarm(n, _dots(parts[n][drawn], shown.blocks[n][drawn, 0])) for n in shown.names)


def _ranker(rows: LabelledRows) -> BoosterPredictor:
    lightgbm = optional.need("lightgbm", extra="trees", purpose="show what moves a ranker's scores")
    sizes = np.bincount(cluster_codes(np.asarray(rows.request)))
    settings = {
        "objective": "lambdarank",
        "num_leaves": 15,
        "verbosity": -1,
        "num_threads": 1,
        "deterministic": True,
        "seed": 0,
    }
    data = lightgbm.Dataset(rows.matrix(), rows.label, group=sizes)
    return BoosterPredictor(lightgbm.train(settings, data, ROUNDS), rows.names)


def _dots(x: Doubles, level: Doubles) -> tuple[Dot, ...]:
    place = np.argsort(np.argsort(level)) / max(len(level) - 1, 1)
    return tuple(Dot(round(float(a), 4), round(float(b), 3)) for a, b in zip(x, place, strict=True))


def people(run: OpenedRun, model: str, scorer: Scorer) -> tuple[Histories, Rows, Floats]:
    """Some test users with a history, the item that the model puts first for each [n], and all
    scores [n, n_items].
    """
    test = run.split.test.open("explain")
    usable = np.flatnonzero(test.histories.items.lengths() > 1)
    chosen = np.sort(
        generator(run.recipe.seed, "illustrations", model).permutation(usable)[:PEOPLE]
    )
    histories = test.histories.take(chosen)
    scores = scorer.score(histories)
    return (
        histories,
        top(masked(scores, test.seen.take(chosen)), 1)[0][:, 0].astype(np.int32),
        scores,
    )


def reasons(
    run: OpenedRun, scorer: Scorer, shown: tuple[Histories, Rows, Floats]
) -> tuple[Because, ...]:
    """Because you ..., and what would have to be different."""
    if not isinstance(scorer, AdditiveScorer):
        return ()
    names = titles(run.data.catalogue, run.recipe.report.title_field)
    found = []
    for i, item in enumerate(shown[1].tolist()):
        history = shown[0].take(np.array([i]))
        try:
            why = because(scorer, history, item, float(shown[2][i, item]))
        except Refused:
            return ()
        named = why.main(3, LEAST) if why.main(3, LEAST).size else why.main(1, 1e-9)
        sentences = [because_you([names[int(p)] for p in named])]
        sentences += _otherwise(scorer, history, item, shown[2][i], names)
        found.append(Because(_user(run, history), names[item], tuple(sentences)))
    return tuple(found)


def _otherwise(
    scorer: AdditiveScorer, history: Histories, item: int, scores: Floats, names: list[str]
) -> list[str]:
    """What would take the item out of the first ten, if it is one or two events."""
    rivals = np.unique(np.r_[np.argsort(-scores, kind="stable")[:100], item]).astype(np.int32)
    past, parts = parts_of(scorer, history, rivals)
    rest = np.asarray(scores[rivals], np.float64) - parts.sum(axis=0)
    rest[np.isin(rivals, past)] = -np.inf
    found = counterfactual(parts, rest, past, int(np.searchsorted(rivals, item)), 10)
    if found is None or not found.removed or len(found.removed) > 3:
        return []
    return [would_change([names[p] for p in found.removed])]


def words(
    run: OpenedRun, block: FittedBlock, shown: tuple[Histories, Rows, Floats]
) -> Iterator[Words]:
    """What each word adds, by a block of texts, for the item each person was shown; one by one."""
    texts, shown_titles = (
        block.texts(),
        titles(run.data.catalogue, run.recipe.report.title_field),
    )
    for i, item in enumerate(shown[1].tolist()):
        history, text = shown[0].items[i], texts[item]
        profile = np.asarray(dense(l2_normalised(block.block.matrix[history])).mean(axis=0))
        if text is None or not profile.any():
            continue
        attribution = occlusion(
            " ".join(text.split()[:MOST_WORDS]), partial(_similarity, block, profile)
        )
        user = _user(run, shown[0].take(np.array([i])))
        yield Words(shown_titles[item], user, block.block.name, _pieces(attribution))


def last_of_texts(run: OpenedRun, names: Sequence[str]) -> FittedBlock | None:
    """The last of the blocks that texts can be put into here."""
    for name in reversed(names):
        # the texts are cut short and encoded once: no cache needs to keep their rows
        block = replace(run.fitted.blocks[name], cache=False)
        try:
            block.encode([text for text in block.texts() if text is not None][:1])
        except PalateError:
            continue  # no texts, or the weights or the library are not here; numbers need neither
        return block
    return None


def _similarity(block: FittedBlock, profile: Doubles, texts: Sequence[str]) -> Doubles:
    """float64 [n], similarity of each text to somebody's history."""
    rows = dense(l2_normalised(block.encode(texts)[0])).astype(np.float64)
    return np.asarray(rows @ profile, np.float64)


def _pieces(attribution: Attribution) -> tuple[Piece, ...]:
    """The text in order: words with their values, and what stands between them."""
    out: list[Piece] = []
    last = 0
    for piece, value in zip(attribution.pieces, attribution.values.tolist(), strict=True):
        if piece.start > last:
            out.append(Piece(attribution.text[last : piece.start]))
        out.append(Piece(piece.text, round(value, 5)))
        last = piece.end
    rest = attribution.text[last:]
    return (*out, Piece(rest)) if rest else tuple(out)


def _user(run: OpenedRun, history: Histories) -> str:
    row = int(history.users[0])
    users: Mapping[int, str] | Sequence[str] = run.data.interactions.users.ids
    return users[row] if row >= 0 else "unknown"
