"""What each model of a run does, a plain sentence each."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from palate.report.terms import Term

_DOES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "model.popularity": "what most people took: the same for everybody.",
        "model.recent_popularity": "what most people took lately.",
        "model.random": "anything, by chance.",
        "model.item_knn": "items that the same people took as those of the history.",
        "model.cooccurrence": "items that were taken close in time to those of the history.",
        "model.rp3beta": "items that are reached from the history over people who took the same;"
        " popular ones are held back.",
        "model.ease": "learns for each pair of items how much one speaks for the other.",
        "model.l3ae": "as EASE, with the content of the items as a second source.",
        "model.slist": "as EASE, learnt from what came first and what came next.",
        "model.tale": "as EASE, with the time between events taken into account.",
        "model.ials": "learns a few numbers for each user and item, so that those fit together"
        " which met (matrix factorisation).",
        "model.sasrec": "a neural network that reads the history in its order.",
        "model.two_tower": "two neural networks, one for users and one for items, whose outputs"
        " are compared.",
        "model.text_kernel": "items whose content is like that of the history, popular or not.",
        "model.blend": "adds the scores of other models, each with a weight that was chosen on"
        " validation cases.",
        "model.lambdamart": "orders the best items of other models again, by decision trees.",
        "model.gbdt": "orders the best items of other models again, by decision trees.",
        "model.cross_encoder": "orders the best items of other models again, by a language model"
        " that reads history and item together.",
        "model.two_sided": "compares what a history says of a user with what an item is, by a few"
        " weights.",
        "model.borrowed": "as co-occurrence, lent to an item by those most like it in content.",
        "model.linear": "adds up what each feature says, with weights that were learnt.",
        "model.fm": "adds up what features and pairs of features say.",
        "model.deepfm": "as FM, with a neural network beside it.",
        "model.dcn": "a neural network that multiplies features with each other.",
    }
)
"""Part without its version -> what such a model suggests, or how it learns."""


def model_terms(recipe: str | None) -> tuple[Term, ...]:
    r"""The models of a run and what they do, models of one kind together; without those that are
    not known here, such as those of plugins.

    Args:
        recipe: The run's `recipe.toml`; None without one.

    >>> model_terms('[models.a]\npart = "model.ease.v2"\n[models.b]\npart = "model.ease.v1"')
    (('a, b', 'learns for each pair of items how much one speaks for the other.'),)
    """
    try:
        models = tomllib.loads(recipe or "").get("models", {})
    except tomllib.TOMLDecodeError:
        return ()
    found: dict[str, list[str]] = {}
    for name, table in models.items():
        part = str(table.get("part", ""))
        does = next((does for kind, does in _DOES.items() if part.startswith(f"{kind}.v")), "")
        if does:
            found.setdefault(does, []).append(name)
    return tuple((", ".join(names), does) for does, names in found.items())
