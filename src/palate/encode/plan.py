"""What encoding a block would take, found out without computing or writing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from palate.arrays import Rows
from palate.encode.attributes.records import Asking, CachesRecords
from palate.encode.blocks import Buildable
from palate.encode.content_encoder import ContentRows
from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD
from palate.stages import Encoder
from palate.tables import Catalogue
from palate.tables.questions import Spending


@runtime_checkable
class CountsTokens(Protocol):
    """An encoder whose effort is measured in tokens."""

    def count_tokens(self, contents: Sequence[str]) -> int:
        """Tokens of the texts, or an estimate where only somebody else can count them."""
        ...

    def price_per_token(self) -> float | None:
        """What a token costs, in any currency; None where it costs nothing but time."""
        ...


@dataclass(frozen=True)
class Plan:
    """What one block would take.

    Attributes:
        items: Items with content.
        distinct: Different contents among them; None for an encoder that does not keep its rows.
        kept: Those whose rows are in the cache, and sound.
        to_compute: Those that would be computed.
        tokens: Tokens of these; None where the encoder does not count in tokens.
        seconds: Estimated from what earlier rows of the same identity took on this machine; None if
            there are none.
        cost: Estimated, in the currency of the price; None where nothing is paid for.
        note: What the figures do not say.
    """

    items: int | None = None
    distinct: int | None = None
    kept: int | None = None
    to_compute: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    cost: float | None = None
    note: str = ""


def plan_block(
    encoder: Buildable[Encoder],
    catalogue: Catalogue,
    train_rows: Rows,
    cache: RowCache | None = None,
) -> Plan:
    """What `palate.encode.blocks.encode_block` would do with the same arguments.

    Weights that are not on this machine are fetched, because the keys of the rows depend on them;
    and digests of files that had to be read are kept, as `palate.encode.file_digests` keeps them.

    Args:
        encoder: The encoder's name and settings.
        catalogue: All items.
        train_rows: int32 [n], items that the training part knows.
        cache: Where rows would be looked up; by default the user's.
    """
    part = encoder.build()
    if isinstance(part, CachesRecords):
        return plan_records(part.asking(catalogue), cache or RowCache())
    if not isinstance(part, ContentRows):
        return Plan(
            items=len(catalogue), to_compute=len(catalogue), note="computed again every time"
        )
    part.fit(catalogue, train_rows)
    cache = cache or RowCache()
    return plan_rows(part, part.contents(catalogue, cache), cache)


def plan_records(asking: Asking, cache: RowCache) -> Plan:
    """What asking about texts would take.

    Args:
        asking: Who would be asked, what, and about which texts.
        cache: Where answers would be looked up.
    """
    distinct = list(dict.fromkeys(t for t in asking.texts if t is not None))
    missing, seconds, kept = distinct, None, None
    if asking.identity is not None:
        keys = [key_of(t.encode("utf-8", "surrogatepass")) for t in distinct]
        with RowCache(cache.folder).table(asking.identity, RECORD, writable=False) as table:
            found = table.get(keys)
        missing = [t for t, key in zip(distinct, keys, strict=True) if key not in found]
        kept = len(distinct) - len(missing)
        measured = cache.throughput(asking.identity)
        size = sum(len(t.encode("utf-8", "surrogatepass")) for t in missing)
        seconds = None if measured is None else measured.seconds_for(size)
    spending = asking.estimate(missing) if missing else Spending()
    return Plan(
        items=sum(t is not None for t in asking.texts),
        distinct=len(distinct),
        kept=kept,
        to_compute=len(missing),
        tokens=None if spending is None else spending.input_tokens + spending.output_tokens,
        seconds=seconds if missing else 0.0,
        cost=None if spending is None else spending.cost,
        note=asking.note,
    )


def plan_rows(part: ContentRows[Any], contents: Sequence[Any], cache: RowCache) -> Plan:
    """What `palate.encode.content_encoder.content_matrix` would do with the same arguments."""
    distinct = list(dict.fromkeys(c for c in contents if c is not None))
    identity = part.identity()
    keys = [key_of(part.key(c)) for c in distinct]
    with RowCache(cache.folder).table(identity, writable=False) as table:
        found = table.get(keys)
    missing = [c for c, key in zip(distinct, keys, strict=True) if key not in found]
    tokens = cost = None
    if isinstance(part, CountsTokens):
        tokens, price = part.count_tokens(missing), part.price_per_token()
        cost = None if price is None else tokens * price
    measured = cache.throughput(identity)
    seconds = (
        None if measured is None else measured.seconds_for(sum(len(part.key(c)) for c in missing))
    )
    return Plan(
        sum(c is not None for c in contents),
        len(distinct),
        len(distinct) - len(missing),
        len(missing),
        tokens,
        seconds if missing else 0.0,
        cost,
    )
