"""Two hundred labels beside all of them: which items, self-training, boosted trees, and how often
prediction sets hold the truth.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import prepared
from quality import extraction
from quality.extraction import Task
from scipy import stats

from palate import registry
from palate.arrays import Doubles
from palate.encode.attributes.local.known import from_fields, option_values
from palate.encode.attributes.local.sentences import unit_vectors
from palate.encode.labels.conformal import PredictionSets
from palate.encode.labels.given import KnownLabels
from palate.encode.labels.label_file import read_labels
from palate.encode.labels.self_training import LearnsLabels, LearntLabels, learn_labels
from palate.encode.labels.text_space import TextSpace
from palate.encode.row_cache import RowCache
from palate.seeding import generator
from palate.study.labelling.agreement import counted
from palate.study.labelling.session import LabelPlan, LabelSession, LabelTask
from palate.tables.questions import Question

name = "few_labels"
what = (
    "Micro-F1 on up to 971 held-out items that no label is of (of several options those at least as"
    " likely as not, or the likeliest one), by the classifier of `labels.semi_supervised.v1` on"
    " labels that are drawn, or picked by `palate label`, 25 a batch. Mean over draws of the"
    " labelled items; ± is half of a 95 % interval over the draws (Student's t; paired, on the same"
    " test items, where two are compared). Self-training: one round, kept whether it helps or not;"
    " kept: how often the part keeps it. Sentences are encoded by all-MiniLM-L6-v2, Chinese by"
    " multilingual-e5-small in 4 bits, the first 128 characters of each text. Full: every"
    " training label, calibrated or not, whichever is better. Sets: cross-conformal, 5 folds,"
    " alpha 0.1, of 200 drawn labels; control: sets made of labels that the classifier learnt from;"
    " decided: one option is left, or of several labels holds or does not"
)
BUDGETS = (50, 100, 200)
PICKS = ("random", "margin", "diverse", "auto")
SEEDS = int(os.environ.get("DRAWS", "5"))
ALPHA = 0.1
BATCH = 25
POOL = 2000
CHINESE = {"part": "text.multilingual.v1", "model": "e5-small"}
MOST_CHARACTERS = 128
GOAL, SURE = 0.95, 0.95


@dataclass(frozen=True, eq=False)
class Data:
    """One task as vectors and labels.

    Attributes:
        set: Name of the data.
        asked: What is asked.
        question: With its options.
        X: float64 [n, d], training items.
        Y: float64 [n, k].
        test: float64 [m, d].
        truth: float64 [m, k].
    """

    set: str
    asked: str
    question: Question
    X: Doubles
    Y: Doubles
    test: Doubles
    truth: Doubles

    def learnt(self, rows: Any, seed: int, **how: Any) -> LearntLabels:
        """From the labels of `rows`, with the unlabelled ones beside."""
        others = np.setdiff1d(np.arange(len(self.X)), rows)
        pool = generator(seed, "few labels, pool").permutation(others)[:POOL]
        way = LearnsLabels(seed=seed, alpha=ALPHA, **{"rounds": 0, **how})
        pooled = self.X[pool] if way.rounds else self.X[:0]
        drawn = np.ones(len(rows), np.bool_)
        return learn_labels(self.question, self.X[rows], self.Y[rows], drawn, pooled, way)

    def f1(self, learnt: LearntLabels) -> float:
        """On the test items."""
        p = learnt.probabilities(self.test)
        return counted(self.question.kind, p, self.truth).f1


def run() -> dict[str, Any]:
    """Both parts, or those of the variable PARTS beside what the last run said of the other."""
    wanted = os.environ.get("PARTS", "").split() or list(PARTS)
    again = [set_name for part in wanted for set_name, _ in PARTS[part]]
    last = prepared.last(name, "set", again)
    rows = last["rows"]
    said = [one for one in last["claims"] if _part_of(one["claim"]) not in wanted]
    for part in wanted:
        found = [measured(data) for data in all_data(part)]
        rows += [row for row, _ in found]
        said += [
            {"claim": START[part] + one["claim"], "holds": bool(one["holds"])}
            for one in claims(found)
        ]
    return {"rows": rows, "claims": said}


def _part_of(claim: str) -> str:
    return next(part for part in reversed(PARTS) if claim.startswith(START[part]))


def measured(data: Data) -> tuple[dict[str, Any], dict[str, Any]]:
    """One row of the table, and what every draw gave."""
    # calibrated probabilities of rare options seldom pass one half, so the better of both counts
    full = max(
        data.f1(data.learnt(np.arange(len(data.X)), 0, folds=2, calibration=c))
        for c in ("none", "temperature")
    )
    by_pick = {pick: [picked(data, pick, seed) for seed in range(SEEDS)] for pick in PICKS}
    drawn = [
        generator(s, "few labels").permutation(len(data.X))[: BUDGETS[-1]] for s in range(SEEDS)
    ]
    plain = [data.learnt(rows, s) for s, rows in enumerate(drawn)]
    f1_plain = np.array([data.f1(one) for one in plain])
    own = [data.learnt(rows, s, rounds=1) for s, rows in enumerate(drawn)]
    f1_own = np.array(
        [own_answers(data, *one) for one in zip(plain, drawn, range(SEEDS), strict=True)]
    )
    boosted = [
        data.learnt(rows, s, classifier="boosted", folds=2) for s, rows in enumerate(drawn[:2])
    ]
    sets = [
        of_sets(data, one, data.Y[rows], data.X[rows])
        for one, rows in zip(plain, drawn, strict=True)
    ]
    last = len(BUDGETS) - 1
    random = np.array(by_pick["random"])
    row: dict[str, Any] = {
        "set": data.set,
        "asked": data.asked,
        "options": len(data.question.options),
        "training items": len(data.X),
        "full": round(full, 3),
    }
    for place, budget in enumerate(BUDGETS):
        row[f"{budget} drawn"] = shown(random[:, place])
    row["share of full, drawn"] = round(float(random[:, last].mean()) / full, 3)
    row |= gains({pick: np.array(found) for pick, found in by_pick.items()})
    best = float(np.array(by_pick["auto"])[:, last].mean())
    row["share of full, auto"] = round(best / full, 3)
    row["self-training - none"] = shown(f1_own - f1_plain, sign=True)
    row["kept"] = f"{sum(one.added > 0 for one in own)} of {SEEDS}"
    row["boosted"] = round(float(np.mean([data.f1(one) for one in boosted])), 3)
    for key, place in (("sets hold it", 0), ("control", 1), ("decided", 2)):
        row[key] = shown(np.array([s[place] for s in sets]))
    draws = {
        "set": data.set,
        "asked": data.asked,
        "full": full,
        **{f"picked by {p}": np.round(v, 4).tolist() for p, v in by_pick.items()},
        "plain": np.round(f1_plain, 4).tolist(),
        "self-trained": np.round(f1_own, 4).tolist(),
        "sets": np.round(sets, 4).tolist(),
    }
    print(row, flush=True)
    return row, draws


def gains(by_pick: Mapping[str, Doubles]) -> dict[str, str]:
    """What each choice of items gains over drawn ones; of `auto` after each budget."""
    found = {}
    for pick in PICKS[1:]:
        gain = by_pick[pick] - by_pick["random"]
        if pick == PICKS[-1]:
            for place, budget in enumerate(BUDGETS[:-1]):
                found[f"{budget}: {pick} - drawn"] = shown(gain[:, place], sign=True)
        found[f"{BUDGETS[-1]}: {pick} - drawn"] = shown(gain[:, -1], sign=True)
    return found


def own_answers(data: Data, learnt: LearntLabels, rows: Any, seed: int) -> float:
    """F1 after a round of self-training that is kept whether it helps or not."""
    others = np.setdiff1d(np.arange(len(data.X)), rows)
    pool = data.X[generator(seed, "few labels, pool").permutation(others)[:POOL]]
    p = learnt.probabilities(pool)
    sure = np.maximum(p, 1 - p) >= SURE
    if data.question.kind == "label":
        sure = np.repeat(p.max(axis=1, keepdims=True) >= SURE, p.shape[1], axis=1)
    answers = np.where(sure, p, np.nan)
    X, Y = np.concatenate([data.X[rows], pool]), np.concatenate([data.Y[rows], answers])
    again = LearnsLabels(seed=seed).fit(data.question, X, Y)
    return data.f1(replace(learnt, classifier=again))


def picked(data: Data, pick: str, seed: int) -> list[float]:
    """F1 after each budget of labels that a session asked for."""
    n = len(data.X)
    unknown = KnownLabels(np.zeros(n, np.bool_), np.zeros(data.Y.shape), np.ones(n, np.bool_))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.jsonl"
        ids = [str(j) for j in range(n)]
        task = LabelTask(data.question, ids, ids, ids, data.X, unknown, path)
        strategy: Any = pick
        session = LabelSession(task, LabelPlan(BUDGETS[-1], BATCH, 0, strategy, "truth", seed))
        while (found := session.next_item()) is not None:
            row = found[0]
            values = [o for o, y in zip(data.question.options, data.Y[row], strict=True) if y]
            session.give(row, values)
        labels = read_labels(path)
    rows = np.array([int(one.item) for one in labels])
    _, values_of = option_values(data.question, [one.values for one in labels])
    assert np.array_equal(values_of, data.Y[rows])
    return [data.f1(data.learnt(rows[:budget], seed, folds=3)) for budget in BUDGETS]


def of_sets(data: Data, learnt: LearntLabels, Y: Doubles, X: Doubles) -> tuple[float, float, float]:
    """Coverage, coverage of the control, and share of questions that are decided."""
    may, may_not = learnt.may_be(data.test)
    control = PredictionSets.learn(data.question.kind, ALPHA, [learnt.probabilities(X)], [Y])
    other = control.may_be([learnt.probabilities(data.test)])
    if data.question.kind == "label":
        decided = float((may.sum(axis=1) == 1).mean())
    else:
        decided = float((may ^ may_not).mean())
    return covered(data, may, may_not), covered(data, *other), decided


def covered(data: Data, may: Any, may_not: Any) -> float:
    """Share of sets that hold what is true."""
    if data.question.kind == "label":
        return float((may & (data.truth > 0)).any(axis=1).mean())
    return float(np.where(data.truth > 0, may, may_not).mean())


def half_width(values: Doubles) -> float:
    """Of the 95 % interval of the mean."""
    n = len(values)
    if n < 2:
        return float("nan")
    return float(stats.t.ppf(0.975, n - 1) * values.std(ddof=1) / np.sqrt(n))


def shown(values: Doubles, *, sign: bool = False) -> str:
    """Mean and half of its interval."""
    mean = f"{values.mean():+.3f}" if sign else f"{values.mean():.3f}"
    return f"{mean} ± {half_width(values):.3f}"


def claims(found: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """What the draws show, or do not."""
    rows = [row for row, _ in found]
    made = []
    for key, words in (("drawn", "drawn labels"), ("auto", "labels that palate label picks")):
        shares = [row[f"share of full, {key}"] for row in rows]
        above = sum(s >= GOAL for s in shares)
        made.append(
            {
                "claim": f"with 200 {words} at least 95 % of the micro-F1 of all labels on three"
                f" tasks (on {above} of {len(rows)}: {', '.join(map(str, shares))})",
                "holds": above >= 3,
            }
        )
    for pick in PICKS[1:]:
        ahead = behind = 0
        for _, draws in found:
            gain = (np.array(draws[f"picked by {pick}"]) - np.array(draws["picked by random"]))[
                :, -1
            ]
            ahead += gain.mean() - half_width(gain) > 0
            behind += gain.mean() + half_width(gain) < 0
        made.append(
            {
                "claim": f"200 labels picked by {pick} beat 200 drawn ones on every task (interval"
                f" above zero on {ahead} of {len(found)}, below on {behind})",
                "holds": ahead == len(found),
            }
        )
    for place, budget in enumerate(BUDGETS):
        both = [
            np.array(draws["picked by auto"]) - np.array(draws["picked by random"])
            for _, draws in found
        ]
        gain = np.concatenate(both)[:, place]
        made.append(
            {
                "claim": f"over all tasks and draws, {budget} labels picked by auto beat {budget}"
                f" drawn ones ({shown(gain, sign=True)})",
                "holds": bool(gain.mean() - half_width(gain) > 0),
            }
        )
    helped = 0
    for _, draws in found:
        gain = np.array(draws["self-trained"]) - np.array(draws["plain"])
        helped += gain.mean() - half_width(gain) > 0
    made.append(
        {
            "claim": "self-training that is always kept beats none (interval above zero on"
            f" {helped} of {len(found)})",
            "holds": helped > 0,
        }
    )
    sets = [np.array(draws["sets"]) for _, draws in found]
    kept = sum(s[:, 0].mean() + half_width(s[:, 0]) >= 1 - ALPHA for s in sets)
    missed = sum(s[:, 1].mean() + half_width(s[:, 1]) < 1 - ALPHA for s in sets)
    made.append(
        {
            "claim": "prediction sets hold the truth as often as stated: 1 - alpha is in the"
            f" interval or below it (on {kept} of {len(found)})",
            "holds": kept == len(found),
        }
    )
    made.append(
        {
            "claim": "the control, sets of labels that were learnt from, misses more often than"
            f" stated (on {missed} of {len(found)})",
            "holds": missed == len(found),
        }
    )
    return made


def all_data(part: str) -> Iterator[Data]:
    """Each task of the benchmark of extraction with over 400 training items and options, and the
    categories of WDC-PAVE.
    """
    for _, maker in PARTS[part]:
        for (task,) in maker():
            yield as_vectors(task)


def categories() -> Iterator[list[Task]]:
    """The category of a product by its title and description."""
    rows = pl.read_parquet(extraction.DATA / "wdc-pave" / "products.parquet")
    rows = rows.with_columns(text=pl.concat_str("title", "description", separator=". "))
    names = tuple(rows["category"].unique().sort().to_list())
    question = (Question("category", "label", "", names),)
    yield [extraction.two("WDC-PAVE", "category", rows, "text", question, extraction.ENGLISH)]


PARTS: Mapping[str, tuple[tuple[str, Callable[[], Iterator[list[Task]]]], ...]] = {
    "English": (
        ("SemEval restaurants", extraction.semeval),
        ("MovieLens plots", extraction.genres),
        ("WDC-PAVE", categories),
    ),
    "Chinese": (
        ("Chinese reviews", extraction.chinese_reviews),
        ("KuaiRec captions", extraction.captions),
    ),
}
"""Sets that are run and judged together: name in the table, and its tasks."""
START: Mapping[str, str] = {"English": "", "Chinese": "Chinese: "}
"""How the claims of a part begin."""


def as_vectors(task: Task) -> Data:
    """Vectors and labels of the items that have both."""
    chinese = task.encoder == extraction.CHINESE
    table = CHINESE if chinese else task.encoder
    encoder: Any = registry.spec(table or {}, "encoder").build()
    question = task.train.questions[0]
    parts = []
    for lesson in (task.train, task.test):
        known = from_fields(lesson, {})[question.name]
        texts = [t and t[:MOST_CHARACTERS] for t in lesson.texts] if chinese else lesson.texts
        X = unit_vectors(encoder, texts, RowCache())
        rows = known.known & X.any(axis=1) & known.values.any(axis=1)
        parts.append((X[rows], known.values[rows]))
    (X, Y), (test, truth) = parts
    space = TextSpace.learn(X, 200, 0)
    return Data(
        task.set,
        task.task,
        question,
        space.columns(X),
        Y,
        space.columns(test),
        truth,
    )
