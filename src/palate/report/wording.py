"""Numbers and names as people read them: tabular digits, true minus signs, thin spaces, plain
words.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime

from palate.tables.slice_names import slice_called
from palate.tables.variant import Variant

NONE = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"
THIN = "\N{NARROW NO-BREAK SPACE}"

_METRICS = {
    "auc": "AUC",
    "hit": "Hit rate",
    "hit_rate": "Hit rate",
    "hitrate": "Hit rate",
    "map": "MAP",
    "mrr": "MRR",
    "ndcg": "NDCG",
}
_OF_HITS = (
    "graded_ndcg",
    "hit",
    "hit_rate",
    "hitrate",
    "map",
    "mrr",
    "ndcg",
    "precision",
    "recall",
)
_CONTROLS = {"permuted": "texts permuted", "random": "random vectors"}


def metric_name(name: str) -> str:
    """A metric as papers write it.

    >>> metric_name("ndcg@10"), metric_name("hit_rate@5"), metric_name("novelty")
    ('NDCG@10', 'Hit rate@5', 'Novelty')
    """
    family, at, k = name.partition("@")
    written = _METRICS.get(
        family.lower(), family.replace("_", " ").capitalize() if family.islower() else family
    )
    return written + at + k


def counts_hits(metric: str) -> bool:
    """Whether the metric is zero just where no one was suggested anything that they chose next.

    >>> counts_hits("ndcg@10"), counts_hits("coverage@10")
    (True, False)
    """
    return metric.partition("@")[0].lower() in _OF_HITS


def slice_name(name: str) -> str:
    """A slice of users or targets in plain words.

    >>> slice_name("target >20"), slice_name("target 0"), slice_name("all")
    ('Items seen over 20 times', 'Items never seen', 'All users')
    """
    known = slice_called(name)
    if known is None:
        return name[:1].upper() + name[1:]
    if known.kind == "frequency" and not known.unseen:
        times = known.times.replace("-", "\N{EN DASH}").replace(">", "over ")
        return f"Items seen {times} times"
    return {
        "all": "All users",
        "frequency": "Items never seen",
        "new users": "New users",
        "short histories": f"Users with up to {known.high} events",
        "new items": "New items",
    }[known.kind]


def model_name(model: Variant) -> str:
    """A model as people call it; controls are named after the model that they stand in for.

    >>> model_name(Variant("blend", "permuted")), model_name(Variant("blend", "without", ("text",)))
    ('blend, texts permuted', 'blend without text')
    """
    if model.role == "control":
        return f"{model.of}, {_CONTROLS[model.kind]}"
    if model.kind == "counterpart":
        return f"{model.of} without features"
    if model.kind == "without":
        return f"{model.of} without {' and '.join(model.changed)}"
    return model.name


TOO_FEW = "too few users for an interval"
"""Stands where a figure of users has none."""
TOO_ALIKE = "users too alike for an interval"
"""Stands where a metric without bounds has the same value for nearly all users."""
NO_HITS = "no hits"
"""Stands in place of zeros where no model suggested anything that anybody chose next."""
SAME = "the same for every user"
"""Stands in place of an interval where two models never differ."""


def value(x: float | None, sign: bool = False) -> str:
    """A metric value with four decimals (two from ten on).

    >>> value(0.05123), value(0.01, sign=True), value(12.345)
    ('0.0512', '+0.0100', '12.35')
    """
    if x is None:
        return NONE
    return _signed(x, 4 if abs(x) < 10 else 2, sign)


def percent(share: float | None, sign: bool = False) -> str:
    """A share as a percentage.

    >>> percent(0.2714, sign=True).replace(THIN, " ")
    '+27.1 %'
    """
    if share is None:
        return NONE
    return _signed(100 * share, 1 if abs(share) < 9.995 else 0, sign, group=True) + THIN + "%"


def interval(low: str, high: str) -> str:
    """Two ends that are written already."""
    return "" if NONE in {low, high} else f"[{low}, {high}]"


def value_interval(low: float | None, high: float | None, sign: bool = False) -> str:
    """An interval of metric values."""
    return interval(value(low, sign), value(high, sign))


def count(x: float | None) -> str:
    """A whole number with its thousands separated.

    >>> count(100000.0)
    '100,000'
    """
    if x is None:
        return NONE
    return f"{x:,.0f}" if x == round(x) or abs(x) >= 100 else f"{x:,.1f}"


def p_value(p: float | None) -> str:
    """A p-value to two figures, never as nought."""
    if p is None:
        return NONE
    if p < 0.0001:
        return f"<{THIN}0.0001"
    return f"{p:.4f}" if p < 0.01 else f"{p:.2f}"


def duration(seconds: float | None) -> str:
    """A time that a person can feel.

    >>> [duration(s).replace(THIN, " ") for s in (0.02, 3.21, 47, 150, 8000)]
    ['20 ms', '3.2 s', '47 s', '2 min 30 s', '2 h 13 min']
    """
    if seconds is None:
        return NONE
    if seconds < 0.1:
        return f"{1000 * seconds:.0f}{THIN}ms"
    if seconds < 119.5:
        return f"{seconds:.1f}{THIN}s" if seconds < 10 else f"{seconds:.0f}{THIN}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes}{THIN}min {rest}{THIN}s" if rest else f"{minutes}{THIN}min"
    return f"{minutes // 60}{THIN}h {minutes % 60}{THIN}min"


def size(n_bytes: float | None) -> str:
    """Bytes in the unit that leaves few digits."""
    if n_bytes is None:
        return NONE
    power = min(int(math.log(max(n_bytes, 1), 1000)), 4)
    scaled = n_bytes / 1000**power
    return f"{scaled:.1f}".removesuffix(".0") + THIN + ("B", "kB", "MB", "GB", "TB")[power]


def day(written: str) -> str:
    """A date or time, shortened to its day; seconds since 1970 are turned into one.

    >>> day("2024-05-01T10:30:00+00:00"), day("874724710")
    ('1 May 2024', '20 Sep 1997')
    """
    try:
        if re.fullmatch(r"-?\d{6,11}(\.\d+)?", written):
            date = datetime.fromtimestamp(float(written), UTC)
        else:
            date = datetime.fromisoformat(written)
    except (ValueError, OverflowError, OSError):
        return written
    return f"{date.day} {date:%b} {date.year}"


def short(text: str, length: int = 90) -> str:
    """The text, or its start and an ellipsis."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def prose(sentence: str) -> str:
    """A sentence with its metrics and signs written as everywhere on the page.

    >>> prose("ndcg@10 goes from 0.1 to 0.2")
    'NDCG@10 goes from 0.1 to 0.2'
    """
    named = re.sub(r"\b[a-z_]+@\d+", lambda found: metric_name(found.group()), sentence)
    signed = re.sub(r"(?<![\w.)])-(?=\d)", MINUS, named)
    return re.sub(r"(?<=\d) %", THIN + "%", signed)


def _signed(x: float, digits: int, sign: bool, group: bool = False) -> str:
    written = f"{abs(x):,.{digits}f}" if group else f"{abs(x):.{digits}f}"
    if not float(written.replace(",", "")):
        return written
    return (MINUS if x < 0 else "+" if sign else "") + written
