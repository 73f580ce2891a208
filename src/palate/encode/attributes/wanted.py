"""What a recipe wants to know of every item: the table `want`, read and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal, TypeAlias, cast

from annotated_types import Ge, Le

from palate import config
from palate.errors import BadRecipe, PalateError, SeveralProblems, nearest, raise_all
from palate.tables.questions import Question, QuestionKind

WantTable: TypeAlias = Mapping[str, Mapping[str, Any]]
"""The table `want`, as TOML gives it."""

Options: TypeAlias = tuple[str, ...] | Mapping[str, tuple[str, ...]]
"""Options, or what stands above them -> options; one without any below is an option itself."""

USUAL: WantTable = {
    "topics": {"kind": "labels", "of": "propose", "describe": "what it is about"},
    "kind": {"kind": "label", "of": "propose", "describe": "what kind of thing it is"},
    "mood": {"kind": "scale", "from": -1.0, "to": 1.0, "describe": "how glad it sounds"},
}
"""What may be wanted of anything with a text."""

PROPOSE: Literal["propose"] = "propose"
MOST_OPTIONS = 255
_FIELD_OF = {"from": "low", "to": "high"}
_KEY_OF = {field: key for key, field in _FIELD_OF.items()}


@dataclass(frozen=True)
class Wanted:
    """One attribute of the table `want`; `low` and `high` are its keys `from` and `to`."""

    kind: QuestionKind
    """`"label"`: one of several options; `"labels"`: any number of them; `"scale"`: a number
    between two ends; `"text"`: words of the text."""

    of: Options | Literal["propose"] = ()
    """The options of `"label"` and `"labels"`, or a table of what stands above them -> options;
    `"propose"`: they are found among the training items."""

    describe: str = ""
    """What the attribute means, in words."""

    low: float = 0.0
    """The lowest answer to `"scale"`."""

    high: float = 1.0
    """The highest answer to `"scale"`."""

    evidence: bool = False
    """Whether an answer has to name words of the text that it rests on; without, it is unknown."""

    at_most: Annotated[int, Ge(2), Le(MOST_OPTIONS)] | None = None
    """Most options that are proposed, 12 by default; most values of `"text"` that become columns,
    64 by default."""

    levels: Annotated[int, Ge(1), Le(2)] | None = None
    """2: options are proposed with what stands above them; 1 by default."""

    @property
    def proposes(self) -> bool:
        """Whether its options are yet to be found."""
        return self.of == PROPOSE

    @property
    def most(self) -> int:
        """`at_most`, or its default."""
        return self.at_most or (64 if self.kind == "text" else 12)

    def question(self, name: str, proposed: Options = ()) -> Question:
        """The question, with the options that were proposed where they were to be."""
        options, parents = _flat(proposed if self.proposes else cast(Options, self.of))
        ends = (self.low, self.high)
        return Question(name, self.kind, self.describe, options, ends, self.evidence, parents)


def wanted(table: Mapping[str, Any], where: str = "want") -> dict[str, Wanted]:
    """Read the table `want`: name of an attribute -> its description.

    Args:
        table: As TOML gives it.
        where: Its place, for the messages.

    Raises:
        BadRecipe: An unknown key, a kind without what it needs, options that are equal; several
            such problems come together.

    >>> found = wanted({"mood": {"kind": "scale", "from": -1, "to": 1}})
    >>> found["mood"].question("mood").ends
    (-1.0, 1.0)
    """
    if not table:
        raise BadRecipe(
            "no attribute is wanted",
            where=where,
            next_step='name one, e.g. topics = {kind = "labels", of = ["skin", "hair"]}; palate'
            " attributes propose suggests some",
        )
    problems: list[PalateError] = []
    found: dict[str, Wanted] = {}
    for name, given in table.items():
        place = f"{where}.{name}"
        try:
            found[name] = _one(name, given, place)
        except SeveralProblems as several:
            problems.extend(several.problems)
        except PalateError as problem:
            problems.append(problem)
    raise_all(problems)
    return found


def as_table(wants: Mapping[str, Wanted], proposed: Mapping[str, Options]) -> WantTable:
    """The table `want` again, proposed options written out, as a person may edit it."""
    out = {}
    for name, want in wants.items():
        whole = replace(want, of=proposed[name]) if name in proposed else want
        plain = {_KEY_OF.get(k, k): v for k, v in config.resolved(whole).items()}
        unused = _unused(whole) | ({"at_most", "levels"} if name in proposed else set())
        out[name] = {k: v for k, v in plain.items() if k not in unused and v not in ("", False)}
    return out


def _one(name: str, given: Any, where: str) -> Wanted:
    if not name.strip() or "=" in name:
        raise BadRecipe(
            f'"{name}" is no name of an attribute', where=where, allowed='words, no "="'
        )
    if not isinstance(given, Mapping):
        raise BadRecipe(
            f"{given!r} is not allowed", where=where, allowed='a table, e.g. {kind = "text"}'
        )
    keys = [_KEY_OF.get(f, f) for f in Wanted.__dataclass_fields__]
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise BadRecipe(
            f'unknown key "{unknown[0]}"',
            where=f"{where}.{unknown[0]}",
            allowed=", ".join(keys),
            next_step=nearest(unknown[0], keys),
        )
    try:
        named = {_FIELD_OF.get(str(k), str(k)): v for k, v in given.items()}
        want = config.parse(Wanted, named, where)
    except BadRecipe as problem:
        raise _renamed(problem) from problem
    _refuse_strange(want, set(given), where)
    return want


def _renamed(problem: BadRecipe) -> BadRecipe:
    head, _, field = problem.where.rpartition(".")
    return BadRecipe(
        problem.what,
        where=f"{head}.{_KEY_OF.get(field, field)}",
        allowed=problem.allowed,
        next_step=problem.next_step,
    )


def _unused(want: Wanted) -> set[str]:
    """Keys that say nothing for this kind."""
    if want.kind == "scale":
        return {"of", "at_most", "levels"}
    if want.kind == "text":
        return {"of", "from", "to", "levels"}
    return {"from", "to"} if want.proposes else {"from", "to", "at_most", "levels"}


def _refuse_strange(want: Wanted, given: set[str], where: str) -> None:
    for key in sorted(given & _unused(want)):
        own = key in ("at_most", "levels") and want.kind in ("label", "labels")
        raise BadRecipe(
            f'"{key}" has no meaning for kind = "{want.kind}"'
            + (" where the options are named" if own else ""),
            where=f"{where}.{key}",
            next_step="leave it out",
        )
    if want.kind == "scale" and not (
        math.isfinite(want.low) and math.isfinite(want.high) and want.low < want.high
    ):
        raise BadRecipe(
            f"a scale from {want.low:g} to {want.high:g} has no length",
            where=f"{where}.to",
            allowed=f"more than {want.low:g}",
        )
    if want.kind in ("label", "labels") and not want.proposes:
        _refuse_options(cast(Options, want.of), f"{where}.of")


def _flat(options: Options) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Options, and what stands above each; nothing for all where there is one level."""
    if not isinstance(options, Mapping):
        return tuple(options), ()
    pairs = [(o, p) for p, below in options.items() for o in below or (p,)]
    return tuple(o for o, _ in pairs), tuple("" if o == p else p for o, p in pairs)


def _refuse_options(given: Options, where: str) -> None:
    options, parents = _flat(given)
    if any(">" in word for word in (*options, *parents) if parents):
        raise BadRecipe(
            'an option or what stands above it has ">" in its name',
            where=where,
            allowed="other signs: palate writes > between the two",
        )
    folded = [" ".join(option.casefold().split()) for option in options]
    if not 2 <= len(options) <= MOST_OPTIONS or not all(folded):
        raise BadRecipe(
            f"{len(options)} options are not enough to choose from"
            if len(options) < 2
            else "an option is empty, or there are too many",
            where=where,
            allowed=f'2 to {MOST_OPTIONS} different texts, or "propose"',
        )
    if len(set(folded)) < len(folded):
        twice = next(o for o, f in zip(options, folded, strict=True) if folded.count(f) > 1)
        raise BadRecipe(
            f'the option "{twice}" stands there twice',
            where=where,
            next_step=f'name them apart, as in "{twice} ({parents[0]})"' if parents else "",
        )
