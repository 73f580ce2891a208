"""Which blocks suit the pictures and sounds that a catalogue names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polars as pl

from palate.encode.audio.decode import ENDINGS as SOUNDS
from palate.encode.files import are_names, named_files, path_of
from palate.encode.image.decode import ENDINGS as PICTURES
from palate.encode.image.transformer import ImageTransformerSettings
from palate.encode.text.engines import usable
from palate.encode.text.weights import at_hand
from palate.errors import BadInput
from palate.optional import has
from palate.tables import Catalogue

MOST_FILES: Final = 50_000
"""Files of more items are not encoded unless a recipe says so."""

MOST_SEEN: Final = 5_000
"""Pictures of more items are not read by a vision model unless a recipe says so."""

_SAMPLE: Final = 200
_MOSTLY: Final = 0.5


@dataclass(frozen=True)
class Medium:
    """A kind of files that a catalogue may name.

    Attributes:
        noun: What one is called.
        endings: How their names end.
        block: Name of the block.
        part: The encoder that needs no weights.
        library: What it imports.
        extra: The extra that brings this.
    """

    noun: str
    endings: tuple[str, ...]
    block: str
    part: str
    library: str
    extra: str


MEDIA: Final = (
    Medium("picture", PICTURES, "image.look", "image.classical.v1", "PIL", "image"),
    Medium("sound", SOUNDS, "audio.sound", "audio.spectral.v1", "soundfile", "audio"),
)


@dataclass(frozen=True)
class GuessedFiles:
    """Blocks of the files that the catalogue names.

    Attributes:
        blocks: For the recipe's section `[blocks]`.
        fields: Fields that name files, and are neither words nor labels.
        reasons: Why, in sentences.
    """

    blocks: dict[str, Any] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def guessed_files(catalogue: Catalogue) -> GuessedFiles:
    """One block for the pictures and one for the sounds that can be read here.

    Args:
        catalogue: The items; names start from its folder.

    Cost: a look at the names of 1,000 items a field, and whether each file is there; none is
        opened.
    """
    blocks: dict[str, Any] = {}
    fields: list[str] = []
    reasons: list[str] = []
    for medium in MEDIA:
        named = [c.name for c in catalogue.fields.get_columns() if are_names(c, medium.endings)]
        if not named:
            continue
        fields += named
        why_not = _why_not(catalogue, medium, named)
        if why_not:
            reasons.append(f"{_listed(named)} with names of {medium.noun}s: not read, {why_not}.")
            continue
        part = _part(medium, len(catalogue))
        steps = [{"part": "geometry.centre.v1"}, {"part": "geometry.l2.v1"}]
        blocks[medium.block] = {"part": part, "fields": named, "shape": steps}
        lost = _not_there(catalogue, named)
        reasons.append(f"{_listed(named)} with names of {medium.noun}s: read by {part}{lost}.")
    return GuessedFiles(blocks, tuple(fields), tuple(reasons))


def _why_not(catalogue: Catalogue, medium: Medium, fields: Sequence[str]) -> str:
    """Why the files are not encoded; empty if they are."""
    rows = catalogue.fields.filter(pl.any_horizontal(pl.col(fields).is_not_null()))
    if rows.height > MOST_FILES:
        return f"since {rows.height:,} take long; a block of {medium.part} does it all the same"
    given = [v for v in named_files(catalogue, fields) if v is not None][:_SAMPLE]
    missing = [v for v in given if not _is_there(v, catalogue.folder)]
    if len(missing) > _MOSTLY * len(given):
        return _where(str(missing[0]), catalogue.folder, medium)
    plain = all(isinstance(v, str) and v.lower().endswith(".wav") for v in given)
    if not plain and not has(medium.library):
        return f"since that needs pip install 'palate[{medium.extra}]'"
    return ""


def _not_there(catalogue: Catalogue, fields: Sequence[str]) -> str:
    """What to say of files that are named and not there."""
    given = [v for v in named_files(catalogue, fields) if v is not None]
    missing = [v for v in given if not _is_there(v, catalogue.folder)]
    if not missing:
        return ""
    return f"; {len(missing):,} of {len(given):,} are not there, such as {str(missing[0])[:80]}"


def _is_there(value: str | bytes, folder: Path) -> bool:
    if isinstance(value, bytes):
        return True
    try:
        return Path(path_of(value, folder)).is_file()
    except (BadInput, OSError):
        return False


def _where(name: str, folder: Path, medium: Medium) -> str:
    try:
        path = path_of(name, folder)
    except BadInput as error:
        return f"since {error.what} ({name[:80]}); {error.next_step or 'name files'}"
    return (
        f"since most do not lie where they should ({path}); where they start from another folder,"
        f' a block of {medium.part} takes folder = "PATH"'
    )


def _part(medium: Medium, n_items: int) -> str:
    """A vision model whose weights are here reads what a picture shows; else its look counts."""
    seen = medium.noun == "picture" and n_items <= MOST_SEEN
    if seen and usable() and at_hand(ImageTransformerSettings().model):
        return "image.transformer.v1"
    return medium.part


def _listed(fields: Sequence[str]) -> str:
    names = " and ".join(f'"{name}"' for name in fields)
    return f"{'Fields' if len(fields) > 1 else 'Field'} {names}"
