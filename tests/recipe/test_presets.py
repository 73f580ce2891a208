"""The recipes that ship with palate say what they said before they shared their bases."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from palate.recipe import extends
from palate.recipe.recipe import load, parse

DIGESTS = {
    "beauty-tuned.toml": "64575a6e2f3184fd",
    "demo.toml": "6c0cc410a7e71796",
    "protocols/cold-items.toml": "de13cca8772f389a",
    "protocols/cornac-ml100k.toml": "32b8f3fadfe8995c",
    "protocols/msrec-ml100k.toml": "2ea712991249d446",
    "protocols/recbole-ml100k.toml": "99df94ba558e3b5c",
    "protocols/s3rec-beauty-loo.toml": "c18951c18c59e5c0",
    "protocols/s3rec-yelp-loo.toml": "3ba1603af0720fff",
    "protocols/sasrec-ml1m-loo.toml": "19a18e5b7eee8755",
}
"""Of each recipe's whole table, taken when every recipe still said everything itself. Committed
figures come from these recipes: whoever changes one makes its figures again, and then this.
"""


def digest(path: Path) -> str:
    """Of the merged table, before defaults; the order counts for models and blocks alone."""
    table = extends.read(path).table
    ordered = {**table, **{key: list(table[key].items()) for key in ("models", "blocks")}}
    return hashlib.sha256(json.dumps(ordered, sort_keys=True).encode()).hexdigest()[:16]


@pytest.mark.parametrize("name", DIGESTS)
def test_a_preset_says_what_it_always_said(repository: Path, name: str) -> None:
    path = repository / "src/palate/recipes" / name
    assert digest(path) == DIGESTS[name]
    recipe = load(path)
    assert recipe.name == path.stem
    assert parse(recipe.resolved(), recipe.base) == recipe


def test_every_recipe_that_ships_is_a_preset_or_a_base(repository: Path) -> None:
    folder = repository / "src/palate/recipes"
    found = {p.relative_to(folder).as_posix() for p in folder.rglob("*.toml")}
    assert {name for name in found if not name.startswith("bases/")} == set(DIGESTS)


def test_every_base_is_extended(repository: Path) -> None:
    folder = repository / "src/palate/recipes"
    used = {path.resolve() for name in DIGESTS for path, _ in extends.read(folder / name).files[1:]}
    assert used == {path.resolve() for path in (folder / "bases").glob("*.toml")}
