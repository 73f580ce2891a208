"""Words inside of dates: days of the week, which say nothing more, and zones such as `EST`."""

from __future__ import annotations

from typing import Final

import polars as pl

_DAYS: Final = (
    r"(?i)^\s*(?:mon|tue|wed|thu|fri|sat|sun)(?:s|nes|rs|ur)?(?:day)?\b[,.]?\s*"
    r"|[\s(\uff08]*(?:(?:\u661f\u671f|\u5468|\u9031|\u793c\u62dc)[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u65e5\u5929]"
    r"|[\u6708\u706b\u6c34\u6728\u91d1\u571f\u65e5]\u66dc\u65e5?"
    r"|[\uc6d4\ud654\uc218\ubaa9\uae08\ud1a0\uc77c]\uc694\uc77c"
    r"|[(\uff08][\u6708\u706b\u6c34\u6728\u91d1\u571f\u65e5\uc6d4\ud654\uc218\ubaa9\uae08\ud1a0\uc77c][)\uff09])[)\uff09]?"
)
"""English days of the week before a date; Chinese, Japanese and Korean ones behind it."""

_HOURS: Final = {
    "EST": -5,
    "EDT": -4,
    "CDT": -5,
    "MST": -7,
    "MDT": -6,
    "PST": -8,
    "PDT": -7,
    "UT": 0,
    "UTC": 0,
    "GMT": 0,
    "WET": 0,
    "CET": 1,
    "CEST": 2,
    "EET": 2,
    "EEST": 3,
    "MSK": 3,
    "JST": 9,
    "KST": 9,
}
"""Names of zones that mean one thing everywhere -> hours before Greenwich; CST, IST and BST are
those of several countries, and not read.
"""

_ANY: Final = f"(?:{'|'.join(_HOURS)})"
_NAMED: Final = rf"(\d(?:\s?[AaPp][Mm])?)\s*\b{_ANY}\b"
_KOREAN: Final = r"(\d{4})\ub144\s*(\d{1,2})\uc6d4\s*(\d{1,2})\uc77c"
_WITH_OFFSET: Final = r"(\d)\s*(?:GMT|UTC)([+-]\d)"
_IN_WORDS: Final = r"([+-]\d{2}:?\d{2})\s*\([^()]*\)\s*$"


def in_numbers(text: pl.Series) -> pl.Series:
    """Dates [n_rows] without the day of the week, which they tell anyway, with zones as hours
    before Greenwich in place of their names, and Korean ones with the signs of Chinese ones.

    >>> in_numbers(pl.Series(["Tuesday, 5 March 2024", "5 Mar 2024 14:03 EST"])).to_list()
    ['5 March 2024', '5 Mar 2024 14:03 -0500']
    >>> in_numbers(pl.Series(["Mar 5 14:03:00 GMT+0100 (Central European Time)"])).to_list()
    ['Mar 5 14:03:00 +0100']
    """
    if text.str.contains(_DAYS).any():
        text = text.str.replace(_DAYS, " ").str.strip_chars()
    if text.str.contains(_KOREAN).any():
        text = text.str.replace(_KOREAN, "${1}\u5e74${2}\u6708${3}\u65e5")
    if text.str.contains(_WITH_OFFSET).any():
        text = text.str.replace(_WITH_OFFSET, "${1} ${2}").str.replace(_IN_WORDS, "${1}")
    for name, hours in _HOURS.items() if text.str.contains(_NAMED).any() else ():
        text = text.str.replace(_NAMED.replace(_ANY, name), f"${{1}} {hours:+03}00")
    return text
