"""Items that nobody has touched yet: content beside popularity, chance and the feature-aware iALS
of irspack.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import prepared
from prepared import blocks, data, fitted, ndcg, parted, ranked, recall, timed

from palate.arrays import Doubles, Floats, dense
from palate.inference import clustered
from palate.model.shortlist import sample
from palate.stages import Scorer
from palate.tables import Histories, Split, TargetRanks, Training

name = "cold_items"
what = (
    "5 % of the items are withheld wholly for the test and another 5 % for validation; whoever"
    " touched a withheld item is asked for it among all items of the catalogue, seen ones masked."
    " All that is chosen (geometry, weights, how a history is weighed, who lends, the ridges of"
    " iALS) is chosen on the validation items. Borrowed: co-occurrence of the items most like the"
    " candidate. The answer is words + meaning, unless the blend with borrowed co-occurrence is"
    " better with a 95 % interval above 0 that takes all cases of a validation item as one. irspack"
    " gets the same split and the same vectors. With SETS in the environment only those are run,"
    " and the others keep their rows"
)
SETS = {
    "amazon-beauty": ["title"],
    "amazon-office": ["title", "description"],
    "ml-1m": ["title", "genres", "overview"],
    "yelp": ["title", "categories"],
    "goodbooks-10k": ["title", "authors", "description"],
}
SPLIT = {
    "part": "split.cold_items.v1",
    "share": 0.05,
    "validation_share": 0.05,
    "n_validation_users": 3000,
}
QUERIES = ({"repeats": "newest"}, {"repeats": "newest", "last": 20, "fade": 2.0})
"""All events of a history alike, or the newest most."""
LENDERS = ((5, 2.0), (10, 2.0), (10, 4.0), (20, 4.0))
"""How many similar items lend their co-occurrence, and how steeply they are weighed."""
FEATURE_RIDGES = tuple(
    (ridge, unobserved) for ridge in (1e-5, 1e-4, 1e-3) for unobserved in (0.01, 0.1)
)
MOST_CASES = 10_000
VALIDATION_CASES = 3_000
PLAIN, WIDER = "palate, words + meaning", "palate, all four"


@dataclass
class Irspack:
    """irspack's iALS with item features, as a scorer; withheld items have factors by their features
    alone.
    """

    features: Floats
    ridge: float
    unobserved: float
    uses_validation = False

    def fit(self, training: Training) -> Irspack:
        """Train on the users' matrix; columns of withheld items are empty."""
        from irspack import IALSRecommender

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.model = IALSRecommender(
                training.log.matrix().astype(np.float64),
                n_components=64,
                alpha0=self.unobserved,
                reg=0.003,
                train_epochs=12,
                item_features=self.features,
                lambda_item_feature=self.ridge,
                feature_warmup_epochs=2,
                random_seed=prepared.SEED,
                n_threads=2,
            ).learn()
        self.items = self.model.get_item_embedding()
        return self

    def score(self, histories: Histories) -> Floats:
        """float32 [n_cases, n_items]."""
        X = histories.matrix(
            len(self.items), np.ones(len(histories.items.values), np.float32)
        ).astype(np.float64)
        X.data[:] = 1
        return np.asarray(self.model.compute_user_embedding(X) @ self.items.T, np.float32)


def run() -> dict[str, Any]:
    """Every set, every model."""
    wanted = os.environ.get("SETS", "").split()
    told = prepared.last(name, "set", wanted)
    rows, claims = told["rows"], told["claims"]
    for name_of_set in wanted or SETS:
        fields = SETS[name_of_set]
        found = _set(name_of_set, fields)
        rows += found
        value = {row["model"]: row["R@10"] for row in found}
        ours = next(row["R@10"] for row in found if row["answer"])
        least = 3 * max(value["popularity"], value["random"])
        claims.append(
            _claim(
                f"{name_of_set}: R@10 {ours:.4f}, three times the better baseline is {least:.4f}",
                ours >= least,
            )
        )
        rival = max(value[m] for m in value if m.startswith("irspack"))
        claims.append(
            _claim(f"{name_of_set}: R@10 {ours:.4f} against irspack's {rival:.4f}", ours > rival)
        )
        if name_of_set == "amazon-beauty":
            claims.append(_claim(f"amazon-beauty: R@10 {ours:.4f}, goal .10", ours >= 0.10))
    return {"rows": rows, "claims": claims}


def _claim(sentence: str, holds: bool) -> dict[str, Any]:
    return {"claim": sentence, "holds": bool(holds)}


def _set(name_of_set: str, fields: list[str]) -> list[dict[str, Any]]:
    whole = data(name_of_set)
    split = parted(whole, SPLIT, seed=1)
    features = blocks(whole, split, fields, ["words", "meaning", "meaning, whitened"])
    training = Training(split.train, features, split.validation)
    rows = []
    models = _models(training, split)
    answer = WIDER if _clearly_better(models[WIDER][0], models[PLAIN][0], split) else PLAIN
    for label, (model, seconds, setting) in models.items():
        found = ranked(model, split.test.open("inspect"), MOST_CASES, 1)
        rows.append(
            _row(name_of_set, label, setting, seconds, found)
            | {"answer": "yes" if label == answer else ""}
        )
    return rows


def _clearly_better(new: Scorer, old: Scorer, split: Split) -> bool:
    """Whether validation says so, items being the units: a few items that many people want decide
    no more than once.
    """
    cases = sample(split.validation, VALIDATION_CASES, 1)
    found, before = (ranked(model, cases) for model in (new, old))
    gain = _discounted(found.position) - _discounted(before.position)
    return clustered(gain, found.item).low > 0


def _discounted(position: Doubles) -> Doubles:
    return np.where(position <= 10, 1 / np.log2(1 + position), 0.0)


def _row(
    name_of_set: str, label: str, setting: str, seconds: float, found: TargetRanks
) -> dict[str, Any]:
    figures = {
        "R@10": round(recall(found, 10), 4),
        "N@10": round(ndcg(found, 10), 4),
        "R@50": round(recall(found, 50), 4),
    }
    return {
        "set": name_of_set,
        "model": label,
        "chosen": setting,
        **figures,
        "fit s": round(seconds, 1),
    }


def _models(training: Training, split: Split) -> Mapping[str, tuple[Scorer, float, str]]:
    made: dict[str, tuple[Any, float, str]] = {}
    for label, part in (("random", "model.random.v1"), ("popularity", "model.popularity.v1")):
        made[label] = (*timed(lambda part=part: fitted(part, training)), "")
    words, meaning = (
        _kernel(training, split, ["words"]),
        _kernel(training, split, ["meaning", "meaning, whitened"]),
    )
    made["words (TF-IDF)"] = (words[0], 0.0, words[1])
    made["palate, meaning"] = (meaning[0], 0.0, meaning[1])
    both: dict[str, Scorer] = {"words": words[0], "meaning": meaning[0]}
    made[PLAIN] = _blended(training, both)
    lent: dict[str, Scorer] = {}
    for label, block in (("borrowed by words", "words"), ("borrowed by meaning", meaning[2])):
        lent[label], seconds, setting = _best(partial(_borrowed, training, block), LENDERS, split)
        made[f"palate, {label}"] = (
            lent[label],
            seconds,
            f"{setting[0]} lenders, power {setting[1]:g}",
        )
    made[WIDER] = _blended(training, {**both, **lent})
    vectors = dense(training.features.block(meaning[2]).matrix)
    model, seconds, ridges = _best(
        lambda ridges: Irspack(vectors, *ridges).fit(training), FEATURE_RIDGES, split
    )
    made["irspack, iALS on meaning"] = (model, seconds, f"ridge {ridges}")
    return made


def _blended(training: Training, members: Mapping[str, Scorer]) -> tuple[Scorer, float, str]:
    settings: dict[str, Any] = {"members": list(members), "gate": False, "evidence": 0.0}
    blend, seconds = timed(lambda: fitted("model.blend.v1", training, members, **settings))
    return blend, seconds, blend.coefficients_.formula()


def _kernel(training: Training, split: Split, names: list[str]) -> tuple[Scorer, str, str]:
    """The best text kernel over some blocks and ways to weigh the history, what was chosen, and its
    block.
    """
    tried = []
    for block in names:
        for query in QUERIES:
            model = fitted("model.text_kernel.v1", training, block=block, query=query)
            told = ("whitened" if "," in block else "centred") if "meaning" in block else ""
            weighed = "newest first" if "fade" in query else "all events alike"
            tried.append((_validated(model, split), model, f"{told} {weighed}".strip(), block))
    _, model, told, block = max(tried, key=lambda t: t[0])
    return model, told, block


def _borrowed(training: Training, block: str, setting: tuple[int, float]) -> Scorer:
    return fitted("model.borrowed.v1", training, block=block, lenders=setting[0], power=setting[1])


def _best(make: Any, settings: tuple[Any, ...], split: Split) -> tuple[Any, float, Any]:
    """The model that validation likes best, the seconds it took, and its setting."""
    tried = []
    for setting in settings:
        model, seconds = timed(lambda setting=setting: make(setting))
        tried.append((_validated(model, split), model, seconds, setting))
    return max(tried, key=lambda t: t[0])[1:]


def _validated(model: Scorer, split: Split) -> float:
    return ndcg(ranked(model, sample(split.validation, VALIDATION_CASES, 1)), 10)
