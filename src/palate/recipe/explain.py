"""Why a recipe made by `init` is as it is: each choice, its reason, its figures, its keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from palate.data.checks.scripts import script_shares
from palate.data.describe import describe
from palate.data.fields import field_kinds
from palate.encode.text.transformer import TransformerSettings
from palate.recipe.guess_blocks import FIELDS, LANGUAGE_MODEL, LANGUAGES_MODEL, guessed_blocks
from palate.recipe.guess_clean import guessed_clean
from palate.recipe.guess_split import MANY_AGAIN, guessed_split, taken_again
from palate.recipe.keys import dotted, key_parts
from palate.tables import Dataset
from palate.tables.catalogue import as_text

Table = Mapping[str, Any]

_LIKES: Final = ("relevant_min", "train_min")
_READING: Final = ("drop", "fill_by", "items_fill_by", "same_ids", "action_values")


@dataclass(frozen=True)
class Choice:
    """One choice of a recipe.

    Attributes:
        about: What was chosen, in a word: split, likes, seen, cleaning, blocks, fields, encoder,
            models.
        chosen: What it is now.
        why: Whole sentences.
        figures: What of the data speaks for it, in numbers.
        keys: The keys of the recipe that change it, as `palate init` and `palate run` take them.
    """

    about: str
    chosen: str
    why: tuple[str, ...]
    figures: tuple[str, ...]
    keys: tuple[str, ...]

    def text(self) -> str:
        """The choice on a few lines, for people."""
        rows = [("why", w) for w in self.why] + [("figure", f) for f in self.figures]
        lines = [f"  {name:<8}{text}" for name, text in (*rows, ("change", ", ".join(self.keys)))]
        return "\n".join((f"{self.about}: {self.chosen}", *lines))


def explained(data: Dataset, table: Table, named: Table | None = None) -> tuple[Choice, ...]:
    """Every choice of the recipe that `init` made of the data.

    Args:
        data: What was read, as `init` saw it.
        table: The recipe's table, with what the caller named already in it.
        named: What the caller named, section -> keys; such a choice says so.

    Cost: that of guessing the recipe once more; nothing is encoded.
    """
    split, blocks = guessed_split(data.interactions), guessed_blocks(data.catalogue)
    texts = guessed_clean(data)[1]
    known = {*split.reasons, *blocks.reasons}
    others = [why for why in table.get("reasons", ()) if why not in known and why not in texts]
    seen = describe(data)
    made = (
        _split(table, split.why["split"], seen),
        _likes(table, split.why["likes"], seen),
        _seen(table, split.why["seen"], data),
        _cleaning(table, (*others, *split.why["cleaning"], *texts)),
        _blocks(table, (*blocks.why["blocks"], *blocks.why["files"]), seen),
        _fields(table, blocks.why["fields"], data),
        _encoder(table, blocks.why["encoder"], data),
        _models(table, seen),
    )
    return tuple(_as_named(choice, named or {}) for choice in made)


def _as_named(choice: Choice, named: Table) -> Choice:
    """The choice with the caller's own words in front, where he named one of its keys."""
    said = [key for key in choice.keys if _holds(named, key)]
    if not said:
        return choice
    why = (f"You named {' and '.join(said)}; the rest was guessed so:", *choice.why)
    return Choice(choice.about, choice.chosen, why, choice.figures, choice.keys)


def _holds(named: Table, key: str) -> bool:
    inner: Any = named
    for part in key_parts(key):
        if not isinstance(inner, Mapping) or part not in inner:
            return False
        inner = inner[part]
    return True


def _split(table: Table, why: Sequence[str], seen: Table) -> Choice:
    part = table["split"]
    rest = {k: v for k, v in part.items() if k not in ("part", "seen", *_LIKES)}
    counts = seen["counts"]
    figures = [
        f"{counts['interactions']:,} events of {counts['users']:,} users with {counts['items']:,}"
        f" items, {counts['events_per_user_median']:g} events for the median user"
    ]
    if counts["time"] == "clock":
        figures.append(f"times from {counts['first']} to {counts['last']}")
    keys = ["split.part", *(f"split.{key}" for key in rest)]
    return Choice(
        "split", _listed({"": part.get("part", "")} | rest), (*why,), (*figures,), (*keys,)
    )


def _likes(table: Table, why: Sequence[str], seen: Table) -> Choice:
    kept = {k: v for k, v in table["split"].items() if k in _LIKES}
    least = table.get("clean", {}).get("min_value")
    kept |= {} if least is None else {"clean.min_value": least}
    none = "The values tell nothing that was disliked: no value below 0, none of yes and no alone."
    return Choice(
        "likes",
        _listed(kept) or "every event counts as a like",
        tuple(why or (none,)),
        (_values(seen["values"]),),
        ("split.relevant_min", "split.train_min", "clean.min_value"),
    )


def _values(values: Table) -> str:
    counts = values.get("counts")
    if counts is None:
        return f"values from {values['min']:g} to {values['max']:g}, median {values['median']:g}"
    return "values: " + ", ".join(f"{value} in {n:,} events" for value, n in counts.items())


def _seen(table: Table, why: Sequence[str], data: Dataset) -> Choice:
    seen = table["split"].get("seen", "mask")
    again = taken_again(data.interactions)
    plain = "Few events take an item again, so only items that are new to a user are recommended."
    return Choice(
        "seen",
        seen,
        tuple(why or (plain,)),
        (
            f"{again:.1%} of the events take an item that their user had before, with others in"
            f' between; from {MANY_AGAIN:.0%} on, "allow" is proposed',
        ),
        ("split.seen", "clean.drop_duplicates"),
    )


def _cleaning(table: Table, why: Sequence[str]) -> Choice:
    data, clean = table.get("data", {}), table.get("clean", {})
    reading = {key: data[key] for key in _READING if data.get(key)}
    kept = {k: v for k, v in clean.items() if k != "min_value"}
    keys = [*(f"data.{key}" for key in reading), *(f"clean.{key}" for key in kept)]
    return Choice(
        "cleaning",
        _listed(reading | kept) or "none",
        tuple(why or ("No finding needs it.",)),
        (),
        tuple(keys or ("clean.KEY", "data.drop")),
    )


def _blocks(table: Table, why: Sequence[str], seen: Table) -> Choice:
    blocks = table.get("blocks", {})
    read = {name for block in blocks.values() for name in block.get("fields", ())}
    chosen = {
        name: f"{b.get('part')} of {_names(b.get('fields', ()))}" for name, b in blocks.items()
    }
    each = "Each field that says something is read once, by what suits its kind."
    figures = [_field(row) for row in seen["fields"] if row["field"] in read]
    left = [_field(row) for row in seen["fields"] if row["field"] not in read]
    return Choice(
        "blocks",
        "; ".join(f"{name}: {what}" for name, what in chosen.items()) or "none",
        tuple(why or (each if blocks else "The items have no field that could be read.",)),
        (*figures, *(f"not read: {row}" for row in left)),
        tuple(dotted(["blocks", name, "fields"]) for name in blocks) or ("blocks.NAME.part",),
    )


def _field(row: Table) -> str:
    words = f", {row['median_words']:g} words in the median" if row["kind"] == "text" else ""
    return (
        f'"{row["field"]}": {row["kind"]}, {row["share"]:.0%} of the items have it,'
        f" {row['n_distinct']:,} different{words}"
    )


def _fields(table: Table, why: Sequence[str], data: Dataset) -> Choice:
    block = table.get("blocks", {}).get(FIELDS, {})
    kinds = {k.name: k for k in field_kinds(data.catalogue)}
    named = [kinds[name] for name in block.get("fields", ()) if name in kinds]
    return Choice(
        "fields",
        _names(block.get("fields", ())) or "none",
        tuple(why or ("No field holds labels, numbers or dates.",)),
        tuple(f'"{k.name}": {k.kind}, {k.n_distinct:,} different' for k in named),
        tuple(dotted(["blocks", FIELDS, key]) for key in ("fields", "kinds")),
    )


def _encoder(table: Table, why: Sequence[str], data: Dataset) -> Choice:
    blocks = table.get("blocks", {})
    name = LANGUAGES_MODEL if LANGUAGES_MODEL in blocks else LANGUAGE_MODEL
    block = blocks.get(name, {})
    usual = block.get("part") if name == LANGUAGES_MODEL else TransformerSettings().model
    model = block.get("model", usual) if block else "none"
    names = [k.name for k in field_kinds(data.catalogue) if k.kind == "text"]
    texts = [as_text(data.catalogue.column(name)).rename("text") for name in names]
    shares = script_shares(pl.concat(texts)) if texts else {}
    listed = ", ".join(f"{script} {share:.0%}" for script, share in shares.items())
    latin = "The texts are mostly in Latin letters, and the weights are on this machine."
    none = "No field holds texts."
    return Choice(
        "encoder",
        model,
        tuple(why or (latin if block else none,)),
        (f"scripts of the texts: {listed}",) if listed else (),
        (dotted(["blocks", name, "model"]), dotted(["blocks", name, "part"])),
    )


def _models(table: Table, seen: Table) -> Choice:
    own, budget = table.get("models", {}), table.get("budget", {})
    counts = seen["counts"]
    within = f", which may take {budget['seconds']:g} s" if "seconds" in budget else ""
    seconds = f"chosen by the run{within}" if "choose" in table else ""
    return Choice(
        "models",
        ", ".join([*own, *([seconds] if seconds else [])]),
        (
            "Models that suit the data are tried on validation cases, and of equals the simpler is"
            " taken; the run's recipe.toml names those it took, its report says why.",
        ),
        (f"{counts['interactions']:,} events, {counts['items']:,} items",),
        ("budget.seconds", "models.NAME.part"),
    )


def _listed(table: Table) -> str:
    return ", ".join(
        f"{key} = {_value(value)}" if key else str(value) for key, value in table.items()
    )


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + _listed(value) + "}"
    return _names(value) if isinstance(value, list | tuple) else str(value)


def _names(values: Sequence[object]) -> str:
    return ", ".join(map(str, values))
