"""What named attributes add to words and sentence vectors, in one model, for new items and all."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import prepared
from prepared import blocks, fitted, parted, timed

from palate import ranks, registry
from palate.arrays import Doubles, Rows
from palate.encode.blocks import encode_block
from palate.evaluate.controls import permuted
from palate.evaluate.ranking import rank_together
from palate.inference import clustered
from palate.model.shortlist import sample
from palate.stages import Scorer
from palate.tables import Catalogue, Dataset, FeatureTable, Split, Training

name = "attribute_worth"
what = (
    "New items: a twentieth (few items: a fifth) of the items withheld for the test and as many "
    "for validation, 3 withholdings; people who touched one are asked for it among all items, by "
    "content alone. All items: the last event of each user (without times: a tenth of each "
    "user's), by behaviour and content. Text: words + MiniLM (Chinese: words alone), blended on "
    "validation cases. Each row adds a block to the same blend, whose weight validation chooses "
    "again (0 where it does not clearly help). Topics: at most 24 options found as clusters of "
    "the training items and named by their words, each item's probabilities by how near the names "
    "are to its text (zero-shot), and how glad the text sounds (lexicon). Numbers: the same "
    "clusters without names, by the nearest centre. Of others: topics of another item. A strong "
    "model's words: descriptions that GPT-like models wrote of the title, as counted words "
    "(ml-1m, goodbooks): the upper end. Alone: the block without text and behaviour. Difference "
    "of NDCG@10 to text, paired, 95 % interval over people; a millisecond is that of making the "
    "block, an item; nothing here has a price"
)
MOST_CASES, VALIDATION_CASES = 4_000, 3_000
WITHHOLDINGS = range(1, 4)
TEXT, TOPICS, NUMBERS, OTHERS, MOOD = "text", "topics", "numbers", "topics of others", "mood"
STRONG = "a strong model's words"


@dataclass(frozen=True)
class Log:
    """A log, its texts, and how it is split.

    Attributes:
        texts: Fields that are read.
        ids: The model of behaviour.
        all: The splitter for all items.
        share: Of the items that are withheld.
        english: Whether MiniLM reads its texts.
        strong: What a strong language model wrote: a field of the catalogue, or a file with its
            column of ids and of texts.
        glad: Whether texts can sound glad or sad: names alone do not.
        cleaning: Other settings of the cleaning.
    """

    texts: Sequence[str]
    ids: str = "model.cooccurrence.v1"
    all: str = "split.leave_last_out.v1"
    share: float = 0.05
    english: bool = True
    strong: Sequence[str] = ()
    glad: bool = True
    cleaning: Mapping[str, Any] = field(default_factory=dict)


SETS = {
    "ml-1m": Log(
        ["title", "overview"],
        "model.ease.v2",
        strong=["movie-text/llm_generated_ml1m.parquet", "movie_id", "yulan_rec_description"],
    ),
    "goodbooks-10k": Log(["title", "authors"], all="split.ratio.v1", strong=["description"]),
    "amazon-office": Log(["title", "description"]),
    "zomato-hyderabad": Log(["name", "cuisines", "collections"], share=0.2, glad=False),
    "cn-ecommerce": Log(["name", "tags"], share=0.2, english=False, glad=False),
    "dkn-bing-news": Log(["title"], all="split.ratio.v1", cleaning={"min_value": 1}),
}


def run() -> dict[str, Any]:
    """Every log, new items and all."""
    wanted = os.environ.get("SETS", "").split()
    known = prepared.last(name, "set", wanted)
    rows, claims = known["rows"], known["claims"]
    for label in wanted or SETS:
        found = [*_part(label, "new items"), *_part(label, "all items")]
        rows += found
        claims += _claims(label, found)
        print(f"    {label}", flush=True)
    return {"rows": rows, "claims": claims}


def _claims(label: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        said = f"{label}: {row['items']}, {row['added']} over text {row['against text']}"
        if row["added"] == OTHERS:
            found.append({"claim": f"{said}, not above 0", "holds": row["low"] <= 0})
        elif row["added"] == TOPICS:
            found.append({"claim": said, "holds": row["low"] > 0})
    return found


def _part(label: str, items: str) -> list[dict[str, Any]]:
    log, cold = SETS[label], items == "new items"
    data = prepared.data(label, **log.cleaning)
    found: dict[str, list[Doubles]] = {}
    alone: dict[str, list[Doubles]] = {}
    blends: dict[str, str] = {}
    users: list[Rows] = []
    took: dict[str, float] = {}
    for seed in WITHHOLDINGS if cold else (1,):
        split = parted(data, _splitter(log, cold), seed)
        features, seconds = _features(log, data, split)
        took |= {one: took.get(one, 0.0) + s for one, s in seconds.items()}
        training = Training(split.train, features, split.validation)
        kernels, models = _models(log, training, cold)
        cases = sample(split.test.open("inspect"), MOST_CASES, 1)
        users.append(cases.histories.users)
        answers = rank_together(models, cases, 20, 512)
        for added, model in models.items():
            found.setdefault(added, []).append(ranks.ndcg(answers[added].ranks, 10))
            blends.setdefault(added, model.coefficients_.formula())
        answers = rank_together(kernels, cases, 20, 512)
        for block in kernels:
            alone.setdefault(block, []).append(ranks.ndcg(answers[block].ranks, 10))
    own = np.concatenate(users)
    per_item = 1000 / len(data.catalogue) / (len(WITHHOLDINGS) if cold else 1)
    return [
        {
            "set": label,
            "items": items,
            "added": added,
            **_difference(np.concatenate(mine), np.concatenate(found[TEXT]), own),
            **_alone(added, alone, own),
            "ms an item": round(took.get(added, 0.0) * per_item, 2),
            "blend": blends[added],
        }
        for added, mine in found.items()
    ]


def _difference(mine: Doubles, text: Doubles, users: Rows) -> dict[str, Any]:
    known = np.isfinite(mine) & np.isfinite(text)
    lift = clustered((mine - text)[known], users[known])
    return {
        "cases": int(known.sum()),
        "N@10": round(float(mine[known].mean()), 4),
        "against text": f"{lift.value:+.4f} ({lift.low:+.4f} to {lift.high:+.4f})",
        "low": round(float(lift.low), 5),
    }


def _alone(added: str, alone: Mapping[str, list[Doubles]], users: Rows) -> dict[str, Any]:
    """How the block does without anything else, against the control."""
    if added not in alone:
        return {"alone": "", "alone, against topics of others": ""}
    figures = _difference(np.concatenate(alone[added]), np.concatenate(alone[OTHERS]), users)
    return {
        "alone": figures["N@10"],
        "alone, against topics of others": figures["against text"],
    }


def _splitter(log: Log, cold: bool) -> dict[str, Any]:
    if not cold:
        return {"part": log.all}
    return {"part": "split.cold_items.v1", "share": log.share, "validation_share": log.share}


def _features(log: Log, data: Dataset, split: Split) -> tuple[FeatureTable, Mapping[str, float]]:
    """The blocks, and the seconds that each of those that are added took."""
    usual = ["words", "meaning, whitened"] if log.english else ["words"]
    table = blocks(data, split, log.texts, usual)
    rows, seconds = np.unique(split.train.item).astype(np.int32), dict[str, float]()
    catalogue = _with_strong(log, data.catalogue)
    for added, recipe in _wanted(log).items():
        spec = registry.spec(recipe, "encoder")
        made, seconds[added] = timed(
            lambda spec=spec, added=added: encode_block(added, spec, (), catalogue, rows).block
        )
        table = table.replaced(made)
    others = permuted(table.blocks[TOPICS], prepared.SEED)
    return table.replaced(replace(others, name=OTHERS)), seconds


def _wanted(log: Log) -> dict[str, dict[str, Any]]:
    """Name of a block -> its recipe."""
    sentences = {"part": "text.transformer.v1" if log.english else "text.hashing.v1"}
    clusters = {"part": "answers.clusters.v1", "encoder": sentences}
    about = {"kind": "label", "of": "propose", "at_most": 24}
    usual = {"part": "attributes.llm.v1", "fields": list(log.texts)}
    found = {
        TOPICS: {
            **usual,
            "want": {"about": about},
            "provider": {"part": "answers.zero_shot.v1", "encoder": sentences},
            "proposer": clusters,
        },
        NUMBERS: {
            **usual,
            "want": {"about": about},
            "provider": {**clusters, "numbered": True},
        },
    }
    if log.glad:
        found[MOOD] = {
            **usual,
            "want": {"mood": {"kind": "scale", "from": -1, "to": 1}},
            "provider": {"part": "answers.lexicon.v1"},
        }
    if log.strong:
        found[STRONG] = {"part": "text.tfidf.v1", "fields": [_strong_field(log)]}
    return found


def _strong_field(log: Log) -> str:
    return log.strong[-1]


def _with_strong(log: Log, catalogue: Catalogue) -> Catalogue:
    """The catalogue with what a strong model wrote as one more field."""
    if len(log.strong) < 3:
        return catalogue
    file, key, text = log.strong
    frame = pl.read_parquet(Path(os.environ["PALATE_DATA"]) / file)
    written = dict(zip(frame[key].cast(pl.String), frame[text], strict=True))
    column = pl.Series(text, [written.get(item) for item in catalogue.items.ids], pl.String)
    return Catalogue(catalogue.items, catalogue.fields.with_columns(column), catalogue.folder)


def _models(log: Log, training: Training, cold: bool) -> tuple[dict[str, Scorer], dict[str, Any]]:
    """What is added, alone; and beside the text."""
    query = {"repeats": "newest"}
    kernels = {
        block: fitted("model.text_kernel.v2", training, block=block, query=query)
        for block in training.features.blocks
    }
    base: dict[str, Scorer] = {} if cold else {"ids": fitted(log.ids, training)}
    usual = ("words", "meaning, whitened")
    base |= {block: kernels[block] for block in usual if block in kernels}
    added = [block for block in kernels if block not in usual]
    made: dict[str, Any] = {TEXT: _blended(training, base, cold)}
    made |= {block: _blended(training, base | {block: kernels[block]}, cold) for block in added}
    return {block: kernels[block] for block in added}, made


def _blended(training: Training, members: Mapping[str, Scorer], cold: bool) -> Scorer:
    settings = {"members": list(members), "gate": not cold, "n_validation": VALIDATION_CASES}
    return fitted("model.blend.v1", training, members, **settings)
