"""What changed copies add: of histories to SASRec, of texts to a classifier of few labels."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import prepared
from quality import extraction
from quality.extraction import Task
from quality.few_labels import half_width

from palate import ranks, registry
from palate.arrays import Doubles, Longs
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
from palate.tables.questions import Question

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
    " those that it wrote; where none is kept the copy is the text itself. Their draws share texts,"
    " so intervals speak of these 80 alone. Of amazon-beauty 5,000"
    " drawn users"
)
SEEDS, SHARE = 2, 0.3
DRAWS = int(os.environ.get("DRAWS", "5"))
LABELS, COPIES, MOST_USERS = 100, 2, 5000
WRITTEN, FEW = 80, 40
WRITER = {"part": "answers.gguf.v1"}
BEYOND = "paraphrase beyond its control, few"
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
    users = generator(prepared.SEED, "augmentation").permutation(log.n_users)[:MOST_USERS]
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
    for way in (*history_changes.CHANGES, "all"):
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


@dataclass(frozen=True, eq=False)
class FewTexts:
    """A task of few labels: vectors and labels of its texts.

    Attributes:
        name: Of the set and the task.
        question: With its options.
        texts: [n], training texts.
        X: float64 [n, d].
        Y: float64 [n, k].
        test: float64 [m, d].
        truth: float64 [m, k].
        there: int64, training texts with a label.
        vectors: texts [n] -> float64 [n, d].
        words: The same as sentence vectors, for single words.
    """

    name: str
    question: Question
    texts: Sequence[str]
    X: Doubles
    Y: Doubles
    test: Doubles
    truth: Doubles
    there: Longs
    vectors: Callable[[Sequence[str]], Doubles]
    words: Callable[[Sequence[str]], Doubles]

    @classmethod
    def of(cls, task: Task) -> FewTexts:
        """The task, encoded."""
        encoder: Any = registry.spec(task.encoder or {}, "encoder").build()
        question, cache = task.train.questions[0], RowCache()
        known, held = (from_fields(lesson, {})[question.name] for lesson in (task.train, task.test))
        X, test = (unit_vectors(encoder, one.texts, cache) for one in (task.train, task.test))
        space = TextSpace.learn(X, 200, 0)
        right = held.known & held.values.any(axis=1)
        return cls(
            f"{task.set}, {task.task}",
            question,
            [str(t) for t in task.train.texts],
            space.columns(X),
            known.values,
            space.columns(test)[right],
            held.values[right],
            np.flatnonzero(known.known & known.values.any(axis=1)),
            lambda texts: space.columns(unit_vectors(encoder, texts, cache)),
            lambda texts: unit_vectors(encoder, texts, cache),
        )

    def f1(self, rows: Longs, copies: Doubles | None, seed: int) -> float:
        """On the held-out items, of the labels of some rows, with copies [n, n_copies, d]."""
        way, drawn = LearnsLabels(rounds=0, folds=3, seed=seed), np.ones(len(rows), np.bool_)
        X, Y = self.X[rows], self.Y[rows]
        learnt = learn_labels(self.question, X, Y, drawn, self.X[:0], way, copies)
        return counted(self.question.kind, learnt.probabilities(self.test), self.truth).f1

    def twice(self, rows: Longs) -> Doubles:
        """The control: copies that are the texts themselves."""
        return np.repeat(self.X[rows][:, None, :], COPIES, axis=1)

    def row(self, way: str, plain: Sequence[float], gain: Sequence[float]) -> dict[str, Any]:
        """One row of the table."""
        return row_of(self.name, "texts", way, float(np.mean(plain)), of_draws(np.array(gain)))


def texts(task: Task) -> list[dict[str, Any]]:
    """One row for each way to change them."""
    few = FewTexts.of(task)
    words = text_changes.frequent_words(few.texts)
    alike = text_changes.similar_words(words, few.words(words), 5)
    gains: dict[str, list[float]] = {}
    plain = []
    for seed in range(DRAWS):
        rows = generator(seed, "augmentation", "texts").permutation(few.there)[:LABELS]
        plain.append(few.f1(rows, None, seed))
        gains.setdefault("control", []).append(few.f1(rows, few.twice(rows), seed) - plain[-1])
        for way in (*text_changes.CHANGES, "all"):
            kinds: Any = text_changes.CHANGES if way == "all" else (way,)
            settings, rng = TextAugmentation(COPIES, kinds), generator(seed, "copies", way)
            changed = [
                changed_text(few.texts[row], settings, alike, rng)
                for row in rows
                for _ in range(COPIES)
            ]
            copies = few.vectors(changed).reshape(LABELS, COPIES, -1)
            gains.setdefault(way, []).append(few.f1(rows, copies, seed) - plain[-1])
    return [few.row(way, plain, gain) for way, gain in gains.items()]


def paraphrased(task: Task) -> list[dict[str, Any]]:
    """Paraphrases, and their control, of a few texts: a model on one core takes seconds for one."""
    few = FewTexts.of(task)
    writer: Any = registry.spec(WRITER, "provider").build()
    pool = generator(0, "augmentation", "paraphrased").permutation(few.there)[:WRITTEN]
    said, how = (
        FaithfulParaphrases(writer, COPIES, RowCache()),
        TextAugmentation(COPIES, ("paraphrase",)),
    )
    copies = ChangedCopies(few.texts, how, {}, said, few.vectors, 0)
    made = dict(zip(pool.tolist(), copies(pool, few.question.name), strict=True))
    plain, control, own = list[float](), list[float](), list[float]()
    for seed in range(DRAWS):
        rows = generator(seed, "augmentation", "few texts").permutation(pool)[:FEW]
        plain.append(few.f1(rows, None, seed))
        control.append(few.f1(rows, few.twice(rows), seed) - plain[-1])
        own.append(few.f1(rows, np.stack([made[r] for r in rows.tolist()]), seed) - plain[-1])
    kept = f"{said.written - said.dropped} of {said.written}"
    beyond = [one - other for one, other in zip(own, control, strict=True)]
    return [
        few.row("control, few", plain, control),
        {**few.row("paraphrase, few", plain, own), "kept": kept},
        few.row(BEYOND, plain, beyond),
    ]


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
        own = [r for r in rows if r["changed"] == changed and "control" not in r["how"]]
        own = [r for r in own if not r["how"].endswith(", few")]
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
    for one in (r for r in rows if r["how"] == BEYOND):
        made.append(
            {
                "claim": "paraphrases by a model of 135 million parameters gain more than the texts"
                f" themselves as often ({one['gain']:+.4f},"
                f" {one['from']:+.4f} to {one['to']:+.4f})",
                "holds": one["from"] > 0,
            }
        )
    return made
