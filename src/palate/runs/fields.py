"""The kinds of values that rows of a run hold, and how any JSON value becomes one of them."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator

from palate.tables.variant import Variant

# NUL and its kin are not allowed in HTML, and lone surrogates cannot be written as UTF-8 at all.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def plain_text(value: Any) -> str:
    """Any JSON value as text that may stand in a page.

    >>> plain_text({"user": "uid", "item": 3})
    'user: uid, item: 3'
    """
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}" if math.isfinite(value) else ""
    if isinstance(value, Mapping):
        return ", ".join(f"{plain_text(key)}: {plain_text(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(plain_text(inner) for inner in value)
    return _UNPRINTABLE.sub("\ufffd", str(value))


def finite(value: float | None) -> float | None:
    """The number, or None if it is not a finite one."""
    return value if value is not None and math.isfinite(value) else None


def significant(value: float, digits: int = 7) -> float | None:
    """A number as the files of a run hold it: so many significant digits, None where there is none.

    >>> significant(0.123456789), significant(float("nan"))
    (0.1234568, None)
    """
    return float(f"{value:.{digits}g}") if math.isfinite(value) else None


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str | Mapping) else value or ()


def _printable(variant: Variant) -> Variant:
    return replace(
        variant, of=plain_text(variant.of), changed=tuple(map(plain_text, variant.changed))
    )


Text = Annotated[str, BeforeValidator(plain_text)]
Number = Annotated[int | float | None, AfterValidator(finite)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Model = Annotated[Variant, AfterValidator(_printable)]
