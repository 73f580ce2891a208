"""Which blocks suit the pictures and sounds that a catalogue names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeAlias

from palate.encode.audio.decode import ENDINGS as SOUNDS
from palate.encode.audio.transformer import AudioTransformerSettings
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
"""Files of more items are not read by a model with weights unless a recipe says so."""

_MOSTLY: Final = 0.5


Names: TypeAlias = Sequence[str | bytes]
"""What fields say of files: names, or their bytes."""


@dataclass(frozen=True)
class Medium:
    """A kind of files that a catalogue may name.

    Attributes:
        noun: What one is called.
        endings: How their names end.
        block: Name of the block.
        part: The encoder that needs no weights.
        pretrained: The one that has a model read them.
        model: That model.
        library: What decodes them.
        extra: The extra that brings this.
        plain: How names of files end that need no library.
    """

    noun: str
    endings: tuple[str, ...]
    block: str
    part: str
    pretrained: str
    model: str
    library: str
    extra: str
    plain: tuple[str, ...] = ()


MEDIA: Final = (
    Medium(
        "picture",
        PICTURES,
        "image.look",
        "image.classical.v1",
        "image.transformer.v1",
        ImageTransformerSettings().model,
        "PIL",
        "image",
    ),
    Medium(
        "sound",
        SOUNDS,
        "audio.sound",
        "audio.spectral.v1",
        "audio.transformer.v1",
        AudioTransformerSettings().model,
        "soundfile",
        "audio",
        (".wav",),
    ),
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
        who = f"{_listed(named)} with names of {medium.noun}s"
        given = [v for v in named_files(catalogue, named) if v is not None]
        if len(given) > MOST_FILES:
            why = f"{len(given):,} take long; a block of {medium.part} does it all the same"
            reasons.append(f"{who}: not read, since {why}.")
            continue
        missing = [v for v in given if not _is_there(v, catalogue.folder)]
        why = _why_not(medium, given, missing, catalogue.folder)
        if why:
            reasons.append(f"{who}: not read, since {why}.")
            continue
        part = _part(medium, len(given))
        steps = [{"part": "geometry.centre.v1"}, {"part": "geometry.l2.v1"}]
        blocks[medium.block] = {"part": part, "fields": named, "shape": steps}
        lost = f"; {len(missing):,} of {len(given):,} are not there, such as " if missing else ""
        shown = str(missing[0])[:80] if missing else ""
        reasons.append(f"{who}: read by {part}{lost}{shown}.")
    return GuessedFiles(blocks, tuple(fields), tuple(reasons))


def _why_not(medium: Medium, given: Names, missing: Names, folder: Path) -> str:
    """Why the files are not encoded; empty if they are."""
    if len(missing) > _MOSTLY * len(given):
        return _where(str(missing[0]), folder, medium)
    plain = all(isinstance(v, str) and v.lower().endswith(medium.plain) for v in given)
    if not plain and not has(medium.library):
        return f"that needs pip install 'palate[{medium.extra}]'"
    return ""


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
        return f"{error.what} ({name[:80]}); {error.next_step or 'name files'}"
    return (
        f"most do not lie where they should ({path}); where they start from another folder, a block"
        f' of {medium.part} takes folder = "PATH"'
    )


def _part(medium: Medium, n_files: int) -> str:
    """A model whose weights are here reads few files; else how they look or sound counts."""
    few = n_files <= MOST_SEEN
    return medium.pretrained if few and usable() and at_hand(medium.model) else medium.part


def _listed(fields: Sequence[str]) -> str:
    names = " and ".join(f'"{name}"' for name in fields)
    return f"{'Fields' if len(fields) > 1 else 'Field'} {names}"
