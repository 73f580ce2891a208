"""Inline SVG by hand: escaped elements, and scales from numbers to percent of the width.

Charts use percent of the width and pixels of the height, so that one drawing fits a phone and a
desk without its text or dots being stretched; a `viewBox` would shrink the letters with the page.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup, escape


def element(name: str, *children: Markup | str, **attributes: str | float | None) -> Markup:
    """One element; children and attributes are escaped, attributes that are None left out.

    >>> element("circle", cx="3%", r=4, class_="dot")
    Markup('<circle cx="3%" r="4" class="dot"/>')
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_plain(given))}"'
        for key, given in attributes.items()
        if given is not None
    )
    if not children:
        return Markup(f"<{name}{written}/>")  # noqa: S704 - every value above went through escape
    return Markup(f"<{name}{written}>{Markup('').join(children)}</{name}>")  # noqa: S704 - as above


def drawing(desc: str, height: int, *children: Markup, class_: str = "plot") -> Markup:
    """An `svg` as wide as its place, hidden from readers of the table that says the same in
    numbers.
    """
    return element(
        "svg",
        element("desc", desc),
        *children,
        class_=class_,
        width="100%",
        height=height,
        aria_hidden="true",
    )


@dataclass(frozen=True)
class Scale:
    """From numbers to percent of the width.

    Attributes:
        low: The number at the left end.
        high: The number at the right end.
        ticks: Round numbers between them.
    """

    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def around(cls, values: Iterable[float | None], n_ticks: int = 6) -> Scale:
        """A scale that holds all `values` with a little air on both sides.

        >>> Scale.around([0.0, 0.1]).ticks
        (0.0, 0.02, 0.04, 0.06, 0.08, 0.1)
        """
        known = [x for x in values if x is not None]
        low, high = (min(known), max(known)) if known else (0.0, 1.0)
        air = 0.05 * (high - low) or 0.1 * abs(high) or 1.0
        low, high = low - air, high + air
        return cls(low, high, round_numbers(low, high, n_ticks))

    def at(self, x: float) -> str:
        """Where `x` lies, e.g. "41.67%"."""
        return f"{self.share(x):.2f}%"

    def share(self, x: float) -> float:
        """Where `x` lies, in percent of the width."""
        return 100 * (x - self.low) / (self.high - self.low)


def round_numbers(low: float, high: float, n: int = 5) -> tuple[float, ...]:
    """About `n` round numbers (1, 2 or 5 times a power of ten apart) between `low` and `high`."""
    rough = (high - low) / max(n, 1)
    power = 10 ** math.floor(math.log10(rough))
    step = next(power * nice for nice in (1, 2, 5, 10) if power * nice >= 0.8 * rough)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    digits = 1 - math.floor(math.log10(step))
    return tuple(round(i * step, digits) + 0.0 for i in range(first, last + 1))


def decimals(ticks: tuple[float, ...]) -> int:
    """How many decimals distinguish the ticks."""
    return max((len(f"{t:.8f}".rstrip("0").partition(".")[2]) for t in ticks), default=0)


def _plain(given: str | float) -> str:
    return f"{given:.6g}" if isinstance(given, float) else str(given)
