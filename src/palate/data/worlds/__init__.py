"""Simulated data whose true drivers are known: what a method of importance or selection can be held
to.
"""

from palate.data.worlds.catalogues import CatalogueWorld, cold_text, copied_image
from palate.data.worlds.rows import (
    WORLDS,
    copies,
    identifiers,
    interactions,
    linear,
    noise,
    ranking,
)
from palate.data.worlds.world import Role, World

__all__ = [
    "WORLDS",
    "CatalogueWorld",
    "Role",
    "World",
    "cold_text",
    "copied_image",
    "copies",
    "identifiers",
    "interactions",
    "linear",
    "noise",
    "ranking",
]
