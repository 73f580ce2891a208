"""What changed copies add: of histories to SASRec, of texts to a classifier of few labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import prepared
from quality import extraction
from quality.extraction import Task
from quality.few_labels import half_width

from palate import ranks, registry
from palate.arrays import Doubles
from palate.data.splits.leave_last_out import LeaveLastOut
from palate.encode.attributes.local.known import from_fields
from palate.encode.attributes.local.sentences import unit_vectors
from palate.encode.labels import augment as text_changes
from palate.encode.labels.augment import TextAugmentation, changed_text
from palate.encode.labels.copies import ChangedCopies
from palate.encode.labels.paraphrased import FaithfulParaphrases
from palate.encode.labels.self_training import LearnsLabels, learn_labels
from palate.encode.labels.text_space import TextSpace
from palate.encode.row_cache import RowCache
from palate.evaluate.ranking import rank
from palate.gradient.loop import Schedule
from palate.inference import clustered
from palate.model.neural import augment as history_changes
from palate.model.neural.augment import HistoryAugmentation
from palate.model.neural.sasrec import Sasrec, SasrecSettings
from palate.seeding import generator
from palate.stages import FitContext
from palate.study.labelling.agreement import counted
from palate.tables import FeatureTable, Training

name = "augmentation"
what = (
    "Gain over the same without changed copies, paired; ± is half of a 95 % interval. Histories:"
    " NDCG@10 of SASRec (softmax over sampled items, leave-one-out, all items ranked), each fitted"
    " with two seeds whose mean counts for a user, interval over users; three tenths of the"
    " histories of each epoch are changed. Texts: micro-F1 of the"
    " classifier of `labels.semi_supervised.v1` on held-out items with 100 drawn labels and two"
    " copies of each, interval over draws of the labels; the control's copies are the texts"
    " themselves, which only lets the classifier follow its labels more closely. Few: paraphrases"
    " by SmolLM2-135M in a GGUF file, of 80 texts, of which 40 are drawn as labels; kept: those"
    " that hold the names, numbers and negations of their source and are not the source itself, of"
    " those that it wrote; where none is kept the copy is the text itself. Of amazon-beauty 2,000"
    " users and, for want of time, cropping and all kinds together alone"
)
SEEDS, SHARE = 2, 0.3
DRAWS = int(os.environ.get("DRAWS", "5"))
LABELS, COPIES = 100, 2
WRITTEN, FEW = 80, 40
MOST_USERS = {"ml-100k": 5000, "amazon-beauty": 2000}
WAYS = {"ml-100k": (*history_changes.CHANGES, "all"), "amazon-beauty": ("crop", "all")}
WRITER = {"part": "answers.gguf.v1"}
SETTINGS = {
    "ml-100k": SasrecSettings(
        dropout=0.2, schedule=Schedule(epochs=60, batch=64, evaluate_every=4, patience=4)
    ),
    "amazon-beauty": SasrecSettings(
        dropout=0.5, schedule=Schedule(epochs=40, evaluate_every=4, patience=3)
    ),
}


def run() -> dict[str, Any]:
    """Histories of two sets, texts of two tasks."""
    wanted = os.environ.get("SETS", "").split()
    rows: list[dict[str, Any]] = prepared.last(name, "set", wanted)["rows"]
    for set_name, settings in SETTINGS.items():
        if not wanted or set_name in wanted:
            rows += histories(set_name, settings)
    if not wanted or "texts" in wanted:
        rows = [row for row in rows if row["changed"] != "texts" or row["how"].endswith(", few")]
        rows += [row for task in text_tasks() for row in texts(task)]
    if not wanted or "paraphrased" in wanted:
        rows = [row for row in rows if not row["how"].endswith(", few")]
        rows += paraphrased(next(text_tasks()))
    return {"rows": rows, "claims": claims(rows)}


def histories(set_name: str, settings: SasrecSettings) -> list[dict[str, Any]]:
    """One row for each way to change them."""
    log = prepared.data(set_name).interactions
    users = generator(prepared.SEED, "augmentation").permutation(log.n_users)[
        : MOST_USERS[set_name]
    ]
    log = log.take(np.isin(log.user, users))
    split = LeaveLastOut().split(log, seed=0)
    training = Training(split.train, FeatureTable(split.train.items), split.validation)
    test = split.test.open("inspect")

    def per_user(augment: HistoryAugmentation) -> Doubles:
        found = []
        for seed in range(SEEDS):
            model = Sasrec(replace(settings, augment=augment)).fit(training, FitContext(seed))
            found.append(ranks.ndcg(rank(model, test, 10)[0], 10))
        return np.asarray(np.mean(found, axis=0))

    plain = per_user(HistoryAugmentation())
    rows = []
    for way in WAYS[set_name]:
        kinds: Any = history_changes.CHANGES if way == "all" else (way,)
        gain = per_user(HistoryAugmentation(SHARE, kinds)) - plain
        found = clustered(gain, np.arange(len(gain)))
        rows.append(
            row_of(
                set_name,
                "histories",
                way,
                float(plain.mean()),
                (found.value, found.low, found.high),
            )
        )
    return rows


def text_tasks() -> Iterator[Task]:
    """Aspects of restaurant reviews, and the polarity of each."""
    for tasks in extraction.semeval():
        yield tasks[0]


def texts(task: Task) -> list[dict[str, Any]]:
    """One row for each way to change them."""
    encoder: Any = registry.spec(task.encoder or {}, "encoder").build()
    question, cache = task.train.questions[0], RowCache()
    known, held = (from_fields(lesson, {})[question.name] for lesson in (task.train, task.test))
    all_texts = [str(t) for t in task.train.texts]
    X, test = (unit_vectors(encoder, lesson.texts, cache) for lesson in (task.train, task.test))
    space = TextSpace.learn(X, 200, 0)
    X, test = space.columns(X), space.columns(test)
    right = held.known & held.values.any(axis=1)
    words = text_changes.frequent_words(all_texts)
    alike = text_changes.similar_words(words, unit_vectors(encoder, words, cache), 5)
    everything = np.ones(LABELS, np.bool_)

    def f1(rows: Any, copies: Doubles | None, seed: int) -> float:
        way = LearnsLabels(rounds=0, folds=3, seed=seed)
        found = learn_labels(question, X[rows], known.values[rows], everything, X[:0], way, copies)
        p = found.probabilities(test[right])
        return counted(question.kind, p, held.values[right]).f1

    gains: dict[str, list[float]] = {}
    plain = []
    there = np.flatnonzero(known.known & known.values.any(axis=1))
    for seed in range(DRAWS):
        rows = generator(seed, "augmentation", "texts").permutation(there)[:LABELS]
        plain.append(f1(rows, None, seed))
        control = np.repeat(X[rows][:, None, :], COPIES, axis=1)
        gains.setdefault("control", []).append(f1(rows, control, seed) - plain[-1])
        for way in (*text_changes.CHANGES, "all"):
            kinds: Any = text_changes.CHANGES if way == "all" else (way,)
            settings, rng = TextAugmentation(COPIES, kinds), generator(seed, "copies", way)
            changed = [
                changed_text(all_texts[row], settings, alike, rng)
                for row in rows
                for _ in range(COPIES)
            ]
            copies = space.columns(unit_vectors(encoder, changed, cache)).reshape(
                LABELS, COPIES, -1
            )
            gains.setdefault(way, []).append(f1(rows, copies, seed) - plain[-1])
    return [
        row_of(
            f"{task.set}, {task.task}",
            "texts",
            way,
            float(np.mean(plain)),
            of_draws(np.array(gain)),
        )
        for way, gain in gains.items()
    ]


def paraphrased(task: Task) -> list[dict[str, Any]]:
    """Paraphrases, and their control, of a few texts: a model on one core takes seconds for one."""
    encoder: Any = registry.spec(task.encoder or {}, "encoder").build()
    writer: Any = registry.spec(WRITER, "provider").build()
    question, cache = task.train.questions[0], RowCache()
    known, held = (from_fields(lesson, {})[question.name] for lesson in (task.train, task.test))
    all_texts = [str(t) for t in task.train.texts]
    X, test = (unit_vectors(encoder, lesson.texts, cache) for lesson in (task.train, task.test))
    space = TextSpace.learn(X, 200, 0)
    X, test = space.columns(X), space.columns(test)
    right = held.known & held.values.any(axis=1)
    there = np.flatnonzero(known.known & known.values.any(axis=1))
    pool = generator(0, "augmentation", "paraphrased").permutation(there)[:WRITTEN]
    said = FaithfulParaphrases(writer, COPIES, cache)
    settings, everything = TextAugmentation(COPIES, ("paraphrase",)), np.ones(FEW, np.bool_)
    copies = ChangedCopies(
        all_texts,
        settings,
        {},
        said,
        lambda texts: space.columns(unit_vectors(encoder, texts, cache)),
        0,
    )
    made = dict(zip(pool.tolist(), copies(pool, question.name), strict=True))
    print(f"{said.written} paraphrases, {said.dropped} dropped", flush=True)

    def f1(rows: Any, with_copies: Doubles | None, seed: int) -> float:
        way = LearnsLabels(rounds=0, folds=3, seed=seed)
        learnt = learn_labels(
            question, X[rows], known.values[rows], everything, X[:0], way, with_copies
        )
        p = learnt.probabilities(test[right])
        return counted(question.kind, p, held.values[right]).f1

    plain, gains = [], {"control, few": list[float](), "paraphrase, few": list[float]()}
    for seed in range(DRAWS):
        rows = generator(seed, "augmentation", "few texts").permutation(pool)[:FEW]
        plain.append(f1(rows, None, seed))
        ways = (
            np.repeat(X[rows][:, None, :], COPIES, axis=1),
            np.stack([made[row] for row in rows.tolist()]),
        )
        for (_, gain), one in zip(gains.items(), ways, strict=True):
            gain.append(f1(rows, one, seed) - plain[-1])
    before, which = float(np.mean(plain)), f"{task.set}, {task.task}"
    rows_of = [
        row_of(which, "texts", way, before, of_draws(np.array(g))) for way, g in gains.items()
    ]
    kept = said.written - said.dropped
    return [{**row, "kept": f"{kept} of {said.written}"} for row in rows_of[1:]] + rows_of[:1]


def of_draws(gain: Doubles) -> tuple[float, float, float]:
    """Mean and interval over draws."""
    mean, half = float(gain.mean()), half_width(gain)
    return mean, mean - half, mean + half


def row_of(
    which: str, changed: str, way: str, plain: float, gain: tuple[float, float, float]
) -> dict[str, Any]:
    """One row."""
    found = {
        "set": which,
        "changed": changed,
        "how": way,
        "without": round(plain, 4),
        "gain": round(gain[0], 4),
        "from": round(gain[1], 4),
        "to": round(gain[2], 4),
    }
    print(found, flush=True)
    return found


def claims(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the rows show, or do not."""
    made = []
    for changed in ("histories", "texts"):
        own = [r for r in rows if r["changed"] == changed and not r["how"].startswith("control")]
        ahead = [f"{r['set']}, {r['how']}" for r in own if r["from"] > 0]
        behind = [f"{r['set']}, {r['how']}" for r in own if r["to"] < 0]
        made.append(
            {
                "claim": f"changed copies of {changed} help somewhere: interval above zero on"
                f" {len(ahead)} of {len(own)} ({'; '.join(ahead) or 'none'}), below on"
                f" {len(behind)} ({'; '.join(behind) or 'none'})",
                "holds": bool(ahead),
            }
        )
    return made
