"""Options of a command from a file and from the environment as well: what stands on the command
line counts before a variable, a variable before the file, and the file before the default.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import tomli_w

from palate.errors import BadInput, PalateError, nearest, raise_all

From: TypeAlias = Literal["command line", "environment", "file", "default"]

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")
_NOT_OPTIONS: Final = ("help", "config", "print_config", "json", "quiet")
_SECRET: Final = re.compile(r"password|secret|token", re.IGNORECASE)
_IN_ADDRESS: Final = (
    (re.compile(r"(?P<before>\w://[^/@:]*:)[^/@]*@"), r"\g<before>***@"),
    (re.compile(r"(?P<before>[?&](?:password|secret|token|key)=)[^&]*"), r"\g<before>***"),
)


@dataclass(frozen=True)
class _Unset:
    """Not on the command line; the option's own default."""

    default: Any


@dataclass(frozen=True)
class Configured:
    """Options as they are in force.

    Attributes:
        args: All of them.
        origin: Name -> where its value comes from.
    """

    args: argparse.Namespace
    origin: Mapping[str, From]

    def printed(self) -> str:
        """TOML that `--config` reads, with secrets hidden, and each line's origin as a comment."""
        lines = []
        for name, origin in self.origin.items():
            value = getattr(self.args, name)
            if value is None:
                lines.append(f"# {name} is not set")
                continue
            shown = value if isinstance(value, bool | int | float) else hidden(name, str(value))
            lines.append(f"{tomli_w.dumps({name: shown}).strip()}  # {origin}")
        return "\n".join(lines)


def configurable(parser: argparse.ArgumentParser, prefix: str) -> None:
    """Let the options that the parser has by now come from a file and from the environment too.

    Args:
        parser: Of the command; options only, and positional arguments that may be missing.
        prefix: Of the variables, e.g. `PALATE_SERVE_`.
    """
    options = [one for one in parser._actions if one.dest not in _NOT_OPTIONS]
    for option in options:
        option.default = _Unset(option.default)
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        help=f"TOML with any of these options (port = 9000); {prefix}PORT in the environment counts"
        " before it, and the command line before both",
    )
    parser.add_argument(
        "--print-config",
        action="store_true",
        help="print the options in force with where each comes from, secrets hidden, and end",
    )
    parser.set_defaults(options=tuple(options), variables=prefix)


def configured(args: argparse.Namespace, environment: Mapping[str, str]) -> Configured:
    """The options in force.

    Args:
        args: As they were parsed.
        environment: Variables.

    Raises:
        BadInput: A key or variable that there is not, or a value that an option does not take; all
            of them together.
    """
    options: dict[str, argparse.Action] = {option.dest: option for option in args.options}
    prefix: str = args.variables
    variables = {
        name.removeprefix(prefix).lower(): (value, name)
        for name, value in environment.items()
        if name.startswith(prefix)
    }
    written = {
        name.replace("-", "_"): (value, f"{args.config}: {name}")
        for name, value in _file(args.config).items()
    }
    problems: list[PalateError] = [
        _unknown(name, where, options)
        for found in (variables, written)
        for name, (_, where) in found.items()
        if name not in options
    ]
    values, origin = vars(args).copy(), dict[str, From]()
    for name, option in options.items():
        given = values[name]
        if not isinstance(given, _Unset):
            origin[name] = "command line"
            continue
        values[name], origin[name] = given.default, "default"
        for found, source in ((variables, "environment"), (written, "file")):
            if name in found:
                try:
                    values[name] = _value(option, *found[name])
                except PalateError as error:
                    problems.append(error)
                origin[name] = source  # type: ignore[assignment]
                break
    raise_all(problems)
    return Configured(argparse.Namespace(**values), origin)


def hidden(name: str, value: str) -> str:
    """The value without what must not be seen.

    >>> hidden("store", "postgresql://shop:s3cret@db/shop?sslmode=require")
    'postgresql://shop:***@db/shop?sslmode=require'
    """
    if _SECRET.search(name):
        return "***" if value else ""
    for pattern, instead in _IN_ADDRESS:
        value = pattern.sub(instead, value)
    return value


def _file(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInput(
            f"the file cannot be read: {error}", where=str(path), allowed="TOML in UTF-8"
        ) from error


def _unknown(name: str, where: str, options: Mapping[str, argparse.Action]) -> BadInput:
    return BadInput(
        f'there is no option "{name}"',
        where=where,
        allowed=", ".join(options),
        next_step=nearest(name, options),
    )


def _value(option: argparse.Action, value: Any, where: str) -> Any:
    """A value of the environment or of the file as the command line would have it."""
    if option.nargs == 0:  # a switch
        return _switch(value, where)
    if isinstance(value, bool | dict | list):
        raise BadInput(f"{value!r} is no value of it", where=where, allowed="a text or a number")
    text = str(value)
    try:
        read = option.type(text) if callable(option.type) else text
    except (ValueError, TypeError, argparse.ArgumentTypeError) as error:
        raise BadInput(f"{text!r} is no value of it", where=where) from error
    choices: Sequence[Any] | None = option.choices  # type: ignore[assignment]
    if choices is not None and read not in choices:
        raise BadInput(
            f"{text!r} is no value of it", where=where, allowed=", ".join(map(str, choices))
        )
    return read


def _switch(value: Any, where: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text not in (*_TRUE, *_FALSE):
        raise BadInput(f"{value!r} is neither true nor false", where=where, allowed="true, false")
    return text in _TRUE
