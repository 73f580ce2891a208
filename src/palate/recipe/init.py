"""From files without a description to a recipe with comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import fields as fields_of
from pathlib import Path
from typing import Any

import tomli_w

from palate import config, store
from palate.data.address import anchored, is_address
from palate.data.assemble import read_unseen
from palate.data.clean import CleanSettings
from palate.data.continued import ABOVE
from palate.data.describe import field_kinds
from palate.data.readers.several import with_patterns
from palate.data.settings import PATHS, DataSettings
from palate.errors import BadInput, BadRecipe, nearest
from palate.recipe.explain import Choice, explained
from palate.recipe.guess_actions import guessed_weights, least, weighed
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import parse, set_key

COMMENTS = {
    "reasons": "Why the recipe is as it is; the report shows it too.",
    "data": "What to read. Columns are guessed from their names; name them here to be sure.",
    "split": (
        "What models learn from and what they are tested on. See also split.ratio.v1,"
        " split.time.v1,\n# split.cold_items.v1, split.cold_users.v1."
    ),
    "blocks": "Features of the items. Each block is made once and kept in the cache.",
    "models": (
        "What is compared. A blend that reads blocks is measured against the same blend without"
        " them."
    ),
    "budget": (
        "Most seconds of a run. For want of time fewer models are tried and less is measured, and"
        " the run\n# says what: give it more with --budget 10m."
    ),
    "choose": (
        "Models are tried on validation cases; the run's recipe.toml names those that were taken."
        " Models\n# of your own in [models.NAME] compete."
    ),
    "evaluate": (
        "What is measured. Controls (permuted texts, random vectors) are fitted beside every blend."
    ),
}


HEAD = (
    "# palate run reads this file. To try something else beside it, write a second one that begins"
    ' with\n# extends = "{name}" and says only what differs.\n'
)


@dataclass(frozen=True)
class Understood:
    """What `init` made of the files.

    Attributes:
        path: Where the recipe was written.
        sentences: What was understood, for people.
        choices: Why the recipe is as it is, where that was asked for.
    """

    path: Path
    sentences: tuple[str, ...]
    choices: tuple[Choice, ...] = ()


def init(
    files: Sequence[Path | str],
    out: Path,
    *,
    force: bool = False,
    overrides: Sequence[str] = (),
    explain: bool = False,
) -> Understood:
    """Read the files, guess what they are and write a recipe.

    Args:
        files: The log, then the catalogue, then the users; or one folder.
        out: Where to write the recipe.
        force: Write over a file that is there.
        overrides: `key=value` with any key of a recipe, which goes before every guess; of `[data]`
            and `[clean]` without the section's name, too.
        explain: Give the reason, the figures and the keys of every choice, too.

    Raises:
        BadInput: The files cannot be read or understood, or `out` is there already. A few faulty
            rows are no hindrance: the recipe leaves them out, and says so.
        BadRecipe: A key is none of a recipe, or its value is not allowed.
    """
    if out.exists() and not force:
        raise BadInput(
            "the file is there already", where=str(out), next_step="use --force, or another --out"
        )
    wanted = _keys(overrides)
    given = _settings(files, wanted.get("data", {}))
    alike = "same_ids" not in wanted.get("data", {})
    dataset, settings = read_unseen(given, Path.cwd(), alike=alike)
    by_kind, kinds, log = "", {}, dataset.interactions
    if not settings.action_values:
        weights, by_kind = guessed_weights(dataset.interactions)
        settings = replace(settings, action_values=weights)
        dataset = replace(dataset, interactions=weighed(log, weights))
        kinds = {} if len(dataset.interactions) == len(log) else {"min_value": least(weights)}
    base = out.resolve().parent
    guessed = guessed_recipe(dataset, out.stem, settings.drop)
    if kinds:
        guessed["clean"] = kinds | guessed.get("clean", {})
    table: dict[str, Any] = {
        "name": out.stem,
        "data": _relative(config.resolved(settings), base),
        **{section: what for section, what in guessed.items() if section != "data"},
    }
    reasons = [*_mended(settings), *([by_kind] if by_kind else []), *guessed["reasons"]]
    table["reasons"] = reasons
    _merge(table, {section: what for section, what in wanted.items() if section != "data"})
    parse(table, base, out.stem)
    store.write_text(out, HEAD.format(name=out.name) + commented(table))
    counts = f"{len(log):,} events of {log.n_users:,} users with {log.n_items:,} items"
    fields = [
        f"field {f.name}: {f.kind}, {f.present:.0%} of items"
        for f in field_kinds(dataset.catalogue)
    ]
    choices = explained(dataset, table, wanted) if explain else ()
    return Understood(out, (counts, *dataset.guesses, *fields, *reasons), choices)


def _with_section(override: str) -> str:
    """A key of `[data]` or `[clean]` without its section, with it."""
    key = override.partition("=")[0].strip()
    for section, settings in (("data", DataSettings), ("clean", CleanSettings)):
        if key in {f.name for f in fields_of(settings)}:
            return f"{section}.{override}"
    return override


def _merge(table: dict[str, Any], wanted: Mapping[str, Any]) -> None:
    """Put the wanted keys into the table; a part that is named again has settings of its own."""
    for key, value in wanted.items():
        old = table.get(key)
        another = isinstance(value, Mapping) and "part" in value
        if isinstance(old, dict) and isinstance(value, Mapping) and not another:
            _merge(old, value)
        else:
            table[key] = dict(value) if isinstance(value, Mapping) else value


def _mended(settings: DataSettings) -> list[str]:
    """Why cells are filled and ids read alike."""
    said = [
        f"Rows of the {what} continue another and leave cells empty, which are taken from"
        f' {"the row above" if by == ABOVE else f"the first row of the same {by}"}: {key} = "{by}".'
        for what, key, by in (
            ("log", "fill_by", settings.fill_by),
            ("catalogue", "items_fill_by", settings.items_fill_by),
        )
        if by
    ]
    if not settings.same_ids:
        return said
    listed = ", ".join(f'"{name}"' for name in settings.same_ids)
    return [
        *said,
        "The files write the same ids in different ways, which are read alike: same_ids ="
        f" [{listed}].",
    ]


def _keys(overrides: Sequence[str]) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for override in overrides:
        set_key(wanted, _with_section(override))
    return wanted


def settings_of(files: Sequence[Path | str], overrides: Sequence[str] = ()) -> DataSettings:
    """The section `[data]` for files given in the order log, catalogue, users.

    Args:
        files: The files, or one folder.
        overrides: `key=value` with keys of `[data]`, which need not say the section.

    Raises:
        BadInput: More than three files.
        BadRecipe: A key is none of `[data]`, or its value is not allowed.
    """
    wanted = _keys(overrides)
    other = next((section for section in wanted if section != "data"), "")
    if other:
        known = [field.name for field in fields_of(DataSettings)]
        raise BadRecipe(
            f'"{other}" is no key of [data]',
            where="the command line",
            allowed=", ".join(known),
            next_step=nearest(other, known),
        )
    return _settings(files, wanted.get("data", {}))


def _settings(files: Sequence[Path | str], given: Mapping[str, Any]) -> DataSettings:
    files = with_patterns(files)
    if len(files) > 3:
        raise BadInput(
            f"{len(files)} files", allowed="the log, the catalogue and the users, in this order"
        )
    named = {name: str(file) for name, file in zip(PATHS, files, strict=False)}
    return config.parse(DataSettings, named | dict(given), "data")


def commented(table: dict[str, object]) -> str:
    """A recipe's table as TOML with a comment above each section."""
    text = tomli_w.dumps(table, multiline_strings=True)
    for section, comment in COMMENTS.items():
        for head in (f"{section} =", f"[{section}]", f"[{section}."):
            place = text.find(f"\n{head}")
            if place >= 0:
                text = f"{text[: place + 1]}# {comment}\n{text[place + 1 :]}"
                break
    return text


def _relative(data: dict[str, object], base: Path) -> dict[str, object]:
    # paths of a recipe start from its own folder
    def _moved(value: object) -> object:
        if is_address(str(value)):
            return anchored(str(value), Path.cwd())
        path = Path(str(value)).resolve()
        return str(path.relative_to(base)) if path.is_relative_to(base) else str(path)

    kept = {k: v for k, v in data.items() if v not in ("", None, [], {})}
    return {k: _moved(v) if k in ("interactions", "items", "users") else v for k, v in kept.items()}
