"""Encoders of texts that are not English: what they find, and how long they take."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, stats
from sklearn.feature_extraction.text import TfidfVectorizer

from palate import registry
from palate.arrays import dense
from palate.seeding import generator
from palate.tables import Catalogue, Vocabulary

name = "languages"
what = (
    "Retrieval by the cosine of two texts, nothing learnt but words and their weights, and the mean"
    " vector of the texts that are searched. KuaiRec: the words on a video's cover find its caption"
    " among 1,000 (one is right), and a topic tag finds the captions that have it (tags of 3 to 60"
    " videos, hash tags taken out of the captions). Shopping reviews: a review finds reviews of the"
    " same kind of goods, and the kind's name in English or in traditional characters finds reviews"
    " that are in simplified ones, among 1,000. Home Depot: an English query finds products, among"
    " those that were judged for 150 queries (relevance 2.33 and more is right). NDCG@10 and"
    " recall@10 are means over queries, with 95 % intervals over them; ms a text are"
    " those of one processor core, models loaded"
)
DATA = Path(os.environ.get("PALATE_DATA", "../shared/data"))
ENCODERS: Mapping[str, Mapping[str, Any]] = {
    "runs between blanks": {},
    "characters and pairs": {"part": "text.tfidf.v1"},
    "dictionary words": {"part": "text.tfidf.v1", "chinese": "words", "simplify": True},
    "all-MiniLM-L6-v2": {"part": "text.transformer.v1"},
    "use-v3": {"part": "text.multilingual.v1", "model": "use-v3"},
    "e5-small": {"part": "text.multilingual.v1", "model": "e5-small"},
}
TOGETHER = ("e5-small", "dictionary words")
"""What a search of the service would take the mean of."""
KINDS = {
    "书籍": ("books", "書籍"),
    "平板": ("tablet computer", "平板電腦"),
    "手机": ("mobile phone", "手機"),
    "水果": ("fruit", "水果"),
    "洗发水": ("shampoo", "洗髮水"),
    "热水器": ("water heater", "熱水器"),
    "蒙牛": ("milk", "蒙牛"),
    "衣服": ("clothes", "衣服"),
    "计算机": ("computer", "電腦"),
    "酒店": ("hotel", "酒店"),
}
K = 10
Matrix = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Task:
    """Queries, and the texts that they should find.

    Attributes:
        name: What is searched with, and for what.
        queries: n_queries texts.
        texts: n texts.
        right: bool [n_queries, n].
        itself: Queries are the first texts, and do not count as found.
    """

    name: str
    queries: Sequence[str]
    texts: Sequence[str]
    right: NDArray[np.bool_]
    itself: bool = False


def run() -> dict[str, Any]:
    """All tasks with all encoders."""
    wanted = os.environ.get("TASKS", "").split()
    found = [task for make in (kuairec, reviews, home_depot) for task in make()]
    tasks = [task for task in found if not wanted or any(w in task.name for w in wanted)]
    rows, scores = [], {}
    for task in tasks:
        near, ms = {}, {}
        for who, table in ENCODERS.items():
            near[who], seconds = cosines(task, table)
            ms[who] = round(1000 * seconds / len(task.texts), 2)
        one, other = TOGETHER
        near[" + ".join(TOGETHER)] = (near[one] + near[other]) / 2
        for who, similarities in near.items():
            scores[task.name, who] = measured(task, similarities)
            rows.append(row(task, who, scores[task.name, who], ms.get(who)))
    return {"rows": rows, "claims": list(claims(scores))}


def row(task: Task, who: str, figures: Mapping[str, Any], ms: float | None) -> dict[str, Any]:
    """A line of the table."""
    shown = {
        metric: f"{value.mean():.3f} ({low:.3f}..{high:.3f})"
        for metric, value in figures.items()
        for low, high in [bounds(value)]
    }
    return {
        "task": task.name,
        "encoder": who,
        "queries": len(task.queries),
        **shown,
        "ms a text": ms,
    }


def bounds(values: NDArray[np.float64]) -> tuple[float, float]:
    """95 % interval of the mean, by Student's t over queries."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)


def measured(task: Task, near: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
    """NDCG and recall of every query."""
    if task.itself:
        np.fill_diagonal(near, -np.inf)
    right = task.right.copy()
    if task.itself:
        np.fill_diagonal(right, False)
    # ties in an order of chance: equal texts, and texts without a common word
    noise = generator(0, "ties").random(near.shape[1])
    best = np.lexsort((np.broadcast_to(noise, near.shape), -near), axis=1)[:, :K]
    hits = np.take_along_axis(right, best, axis=1)
    hits &= np.take_along_axis(near, best, axis=1) > -np.inf
    gain = 1 / np.log2(np.arange(2, K + 2))
    n_right = right.sum(axis=1)
    ideal = np.cumsum(gain)[np.minimum(n_right, K) - 1]
    return {
        "NDCG@10": (hits * gain).sum(axis=1) / ideal,
        "recall@10": hits.sum(axis=1) / np.minimum(n_right, K),
    }


def cosines(task: Task, table: Mapping[str, Any]) -> tuple[NDArray[np.float64], float]:
    """float64 [n_queries, n], and processor seconds for all texts."""
    started = time.process_time()
    if not table:
        return runs_between_blanks(task), time.process_time() - started
    texts, seconds = encoded(tuple(task.texts), tuple(table.items()))
    part, matrix = texts
    queries = part.encode(catalogue(task.queries)).matrix
    if sparse.issparse(matrix):
        return np.asarray((queries @ matrix.T).todense(), np.float64), seconds
    mean = dense(matrix).mean(axis=0)
    rows, wanted = (unit(dense(m) - mean) for m in (matrix, queries))
    return (wanted @ rows.T).astype(np.float64), seconds


@lru_cache(maxsize=32)
def encoded(texts: tuple[str, ...], table: tuple[tuple[str, Any], ...]) -> tuple[Any, float]:
    """(encoder, matrix), and processor seconds; several tasks search the same texts."""
    part = registry.spec({**dict(table), "fields": ["text"]}, "encoder").build()
    part.fit(catalogue(["word one", "词"]), np.arange(2, dtype=np.int32)).encode(
        catalogue(["a 词"])
    )
    shop = catalogue(texts)
    started = time.process_time()  # models are loaded by now
    matrix = part.fit(shop, np.arange(len(texts), dtype=np.int32)).encode(shop).matrix
    return (part, matrix), time.process_time() - started


def runs_between_blanks(task: Task) -> NDArray[np.float64]:
    """What a tool made for English does: what stands between two blanks or signs is a word."""
    counter = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+")
    texts = counter.fit_transform(task.texts)
    return np.asarray((counter.transform(task.queries) @ texts.T).todense(), np.float64)


def unit(X: Matrix) -> Matrix:
    """Rows of length one, or zero."""
    length = np.linalg.norm(X, axis=1, keepdims=True)
    return (X / np.where(length > 0, length, 1)).astype(np.float32)


def catalogue(texts: Sequence[str]) -> Catalogue:
    """Texts as items."""
    ids = Vocabulary.of(str(i) for i in range(len(texts)))
    return Catalogue(ids, pl.DataFrame({"text": list(texts)}))


def kuairec() -> Iterator[Task]:
    """Covers and captions; tags and captions."""
    items = pl.read_parquet(DATA / "kuairec-captions" / "items.parquet").drop_nulls("caption")
    items = items.with_columns(
        caption=pl.col("caption").str.replace_all(r"#\S+|@\S+", " ").str.strip_chars()
    ).filter(pl.col("caption").str.len_chars() >= 6)
    covers = items.drop_nulls("manual_cover_text").unique("caption", maintain_order=True)
    covers = covers.filter(pl.col("manual_cover_text").str.len_chars() >= 4)
    covers = covers.sample(1000, seed=0, shuffle=True)
    right = np.eye(len(covers), dtype=np.bool_)[:300]
    yield Task(
        "KuaiRec: cover finds caption",
        covers["manual_cover_text"].to_list()[:300],
        covers["caption"].to_list(),
        right,
    )
    some = items.unique("caption", maintain_order=True).sample(1000, seed=1, shuffle=True)
    tags = [set(row) for row in some["topic_tags"].to_list()]
    counts = pl.Series([t for row in tags for t in row]).value_counts(sort=True)
    # thanks to the platform and calls for fame are tags too; they say nothing of the video
    no_topic = re.compile("热门|推广|感谢|官方|快手|作者|主播|平台|同城")
    named = sorted(t for t, n in counts.iter_rows() if 3 <= n <= 60 and not no_topic.search(t))
    right = np.array([[tag in row for row in tags] for tag in named])
    yield Task("KuaiRec: tag finds captions", named, some["caption"].to_list(), right)


def reviews() -> Iterator[Task]:
    """Reviews of ten kinds of goods."""
    found = pl.read_parquet(DATA / "cn-shopping-reviews" / "reviews.parquet")
    found = found.filter(pl.col("review_text").str.len_chars() >= 8)
    found = found.unique("review_text", maintain_order=True).sample(1000, seed=0, shuffle=True)
    texts = [t[:200] for t in found["review_text"]]
    kinds = np.array(found["category"].to_list())
    same = kinds[:300, None] == kinds[None, :]
    yield Task("Reviews: of the same goods", texts[:300], texts, same, itself=True)
    names = [kind for kind in KINDS if (kinds == kind).any()]
    right = np.array([kinds == kind for kind in names])
    for column, language in enumerate(("English", "traditional")):
        asked = [KINDS[kind][column] for kind in names]
        yield Task(f"Reviews: {language} name finds them", asked, texts, right)


def home_depot() -> Iterator[Task]:
    """English, to see what many languages cost there."""
    folder = DATA / "home-depot-search"
    queries, items, judged = (
        pl.read_parquet(folder / f"{file}.parquet") for file in ("queries", "items", "relevance")
    )
    chosen = queries.sample(150, seed=0, shuffle=True)
    judged = judged.filter(pl.col("query_id").is_in(chosen["query_id"].implode()))
    shown = items.filter(pl.col("item_id").is_in(judged["item_id"].implode()))
    row_of = {query: row for row, query in enumerate(chosen["query_id"])}
    place_of = {item: place for place, item in enumerate(shown["item_id"])}
    right = np.zeros((len(chosen), len(shown)), np.bool_)
    good = judged.filter(pl.col("relevance") >= 2.33)
    for query, item in good.select("query_id", "item_id").iter_rows():
        right[row_of[query], place_of[item]] = True
    some = right.any(axis=1)
    requested = chosen["query"].filter(pl.Series(some)).to_list()
    yield Task(
        "Home Depot, English: query finds products",
        requested,
        shown["title"].to_list(),
        right[some],
    )


def claims(scores: Mapping[tuple[str, str], Any]) -> Iterator[dict[str, Any]]:
    """What the default rests on."""

    def of(task: str, who: str) -> NDArray[np.float64]:
        found: NDArray[np.float64] = scores[task, who]["NDCG@10"]
        return found

    chinese = [t for t in dict.fromkeys(t for t, _ in scores) if "English" not in t]
    for one, other in (
        ("characters and pairs", "runs between blanks"),
        ("use-v3", "all-MiniLM-L6-v2"),
        ("e5-small", "all-MiniLM-L6-v2"),
    ):
        better = [t for t in chinese if bounds(of(t, one) - of(t, other))[0] > 0]
        yield {
            "claim": f"{one} finds more than {other} in {len(better)} of {len(chinese)} Chinese"
            " tasks, by the interval of the difference",
            "holds": len(better) == len(chinese),
        }
    for one, other in (
        ("dictionary words", "characters and pairs"),
        ("e5-small", "use-v3"),
    ):
        worse = [t for t in chinese if bounds(of(t, one) - of(t, other))[1] < 0]
        better = [t for t in chinese if bounds(of(t, one) - of(t, other))[0] > 0]
        yield {
            "claim": f"{one} finds less than {other} in none of {len(chinese)} Chinese tasks, and"
            f" more in {len(better)}",
            "holds": not worse,
        }
