"""Pages from templates: escaped, with their one style and script inside, loading nothing."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

import palate
from palate.report import wording
from palate.report.formula import formula
from palate.runs.files import plain

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#])")

NO_NUMBERS: Mapping[str, object] = MappingProxyType({"leaderboard": None, "map": None})
"""A page on which the script draws nothing."""


def filled(template: str, /, numbers: Mapping[str, object] = NO_NUMBERS, **values: object) -> str:
    """A page.

    Args:
        template: File, one that extends `shell.html.jinja`.
        numbers: Plain values that `report.js` reads, by the name of what it draws from them.
        values: What the template shows; texts are escaped.

    Returns:
        HTML that needs no other file.
    """
    script = Markup(_asset("report.js"))  # noqa: S704 - our own file
    page = (
        _environment()
        .get_template(template)
        .render(
            **{"version": palate.__version__} | values,
            style=Markup(_asset("report.css")),  # noqa: S704 - our own file
            script=script,
            # The page may run this one script and load nothing: even a title that broke out of its
            # place stays text.
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data_for_script=embedded(numbers),
        )
    )
    return page.lstrip()


def written(template: str, /, **values: object) -> str:
    """A document in Markdown; texts pass through the filter `md`, or are the caller's own."""
    return _environment().get_template(template).render(**values).strip() + "\n"


def in_markdown(text: object) -> str:
    r"""A text as Markdown shows it: no letter of it does anything, and it is one line.

    >>> in_markdown("a|b\n<i>")
    'a\\|b \\<i\\>'
    """
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def embedded(value: object) -> Markup:
    r"""Rows, or any plain value, as JSON that may stand inside a `script` element: nothing in it
    can close the element.

    >>> embedded({"a": "</script>"})
    Markup('{"a":"\\u003c/script\\u003e"}')
    """
    text = json.dumps(plain(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return Markup(text)  # noqa: S704 - the letters that mean something to HTML are gone


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=select_autoescape(("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_asset),
    )
    environment.filters.update(
        short=wording.short, prose=wording.prose, formula=formula, raw=_raw, md=in_markdown
    )
    return environment


def _raw(x: float | None) -> str:
    """A number to sort by; empty where there is none."""
    return "" if x is None else f"{x:.7g}"


def _asset(name: str) -> str:
    return resources.files(__package__ or "").joinpath(name).read_text(encoding="utf-8")
