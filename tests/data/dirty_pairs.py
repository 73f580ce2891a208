# ruff: noqa: RUF001 - these are files of many languages
"""Pairs of files as strangers have them: a log and a catalogue, each pair dirty in its own
way.

`build(folder)` writes them all and gives the truth of each, so that a test can compare what is read
with what was meant. Nothing here is read from elsewhere.
"""

from __future__ import annotations

import csv
import io
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

START = datetime(2025, 1, 6, 8, 0, tzinfo=UTC)
N_USERS, N_ITEMS = 40, 30
COLOURS = ("red", "green", "blue", "black", "white", "brown")
THINGS = ("wool scarf", "leather boots", "steel kettle", "garden lamp", "oak table")
COLOURS_ZH = ("红色", "绿色", "蓝色", "黑色", "白色", "棕色")
THINGS_ZH = ("羊毛围巾", "真皮靴子", "不锈钢水壶", "花园灯具", "橡木桌子")


@dataclass(frozen=True)
class Event:
    """What somebody did: numbers of user and item from 0 on, a rating 1..5, and when."""

    user: int
    item: int
    value: int
    at: datetime


@dataclass(frozen=True)
class Truth:
    """What a pair of files means.

    Attributes:
        log: Path of the log.
        items: Path of the catalogue.
        events: Number of events that a reader should find.
        users: Ids of the users.
        bought: Ids of the items in the log.
        values: Sum of the values; None where the log has none.
        times: Seconds since 1970 of the first and the last event; None where the log has none.
        fields: Field of the catalogue -> id -> value, for a few items.
        keys: What to add to `palate init`, after the message that said so.
        says: A piece of the message of `palate init` without these keys.
    """

    log: Path
    items: Path
    events: int
    users: frozenset[str]
    bought: frozenset[str]
    values: float | None = None
    times: tuple[float, float] | None = None
    fields: dict[str, dict[str, object]] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    says: str = ""


def events(seed: int = 0, per_user: int = 12) -> list[Event]:
    """What everybody did, in the order of time: each likes things of a kind or two."""
    draw = random.Random(seed)
    found = []
    for user in range(N_USERS):
        at = START + timedelta(days=draw.randrange(30), minutes=draw.randrange(600))
        liked = draw.randrange(len(THINGS))
        kinds = [i for i in range(N_ITEMS) if i % len(THINGS) == liked]
        others = draw.sample(range(N_ITEMS), per_user - len(kinds) + 2)
        chosen = list(dict.fromkeys([*kinds, *others]))[:per_user]
        draw.shuffle(chosen)
        for item in chosen:
            at += timedelta(days=draw.randrange(1, 12), minutes=draw.randrange(1, 300))
            value = draw.choice((4, 5) if item in kinds else (1, 2, 3))
            found.append(Event(user, item, value, at))
    return sorted(found, key=lambda e: e.at)


def title(item: int) -> str:
    """The name of an item, English."""
    return f"{COLOURS[item // len(THINGS)]} {THINGS[item % len(THINGS)]}"


def title_zh(item: int) -> str:
    """The name of an item, Chinese."""
    return f"{COLOURS_ZH[item // len(THINGS)]}{THINGS_ZH[item % len(THINGS)]}"


def text(item: int) -> str:
    """A description of an item, English."""
    return f"A {title(item)} for {item + 2} years, made to last number {item}, and easy to clean."


def price(item: int) -> float:
    """What an item costs."""
    return 9.5 + 37.25 * item


def _truth(
    log: Path,
    items: Path,
    meant: Sequence[Event],
    user: Callable[[int], str],
    item: Callable[[int], str],
    *,
    valued: bool = False,
    timed: Callable[[datetime], float] | None = datetime.timestamp,
    fields: dict[str, Callable[[int], object]] | None = None,
    keys: tuple[str, ...] = (),
    says: str = "",
) -> Truth:
    moments = sorted(timed(e.at) for e in meant) if timed else []
    return Truth(
        log,
        items,
        len(meant),
        frozenset(user(e.user) for e in meant),
        frozenset(item(e.item) for e in meant),
        float(sum(e.value for e in meant)) if valued else None,
        (moments[0], moments[-1]) if timed else None,
        {n: {item(i): f(i) for i in (0, 7, 12)} for n, f in (fields or {}).items()},
        keys,
        says,
    )


def _minute(at: datetime) -> float:
    return math.floor(at.timestamp() / 60) * 60


def _rows(
    names: Sequence[str], rows: Iterable[Sequence[object]], separator: str = ",", end: str = "\n"
) -> str:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=separator, lineterminator=end)
    writer.writerow(names)
    writer.writerows(rows)
    return stream.getvalue()


def _write(path: Path, content: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(content.encode(encoding))
    return path


def _plain_items(folder: Path, item: Callable[[int], str] = str) -> Path:
    rows = ((item(i), title(i), text(i), f"{price(i):.2f}") for i in range(N_ITEMS))
    return _write(folder / "items.csv", _rows(("item_id", "title", "description", "price"), rows))


def _plain_log(
    folder: Path, meant: Sequence[Event], user: Callable[[int], str] = str, end: str = "\n"
) -> Path:
    rows = ((user(e.user), e.item, e.value, int(e.at.timestamp())) for e in meant)
    names = ("user_id", "item_id", "rating", "timestamp")
    return _write(folder / "log.csv", _rows(names, rows, end=end))


def chinese_gb18030(folder: Path) -> Truth:
    """GB18030, days written 2025年3月5日, actions in Chinese, prices with a yuan sign."""
    meant = events(1)
    acts = {1: "浏览", 2: "浏览", 3: "收藏", 4: "加购", 5: "购买"}
    rows = (
        (
            f"会员{e.user:04d}",
            f"SP{e.item:05d}",
            acts[e.value],
            f"{e.at.year}年{e.at.month}月{e.at.day}日 {e.at:%H:%M:%S}",
        )
        for e in meant
    )
    names = ("用户编号", "商品编号", "行为类型", "操作时间")
    log = _write(folder / "用户行为.csv", _rows(names, rows, end="\r\n"), "gb18030")
    goods = ((f"SP{i:05d}", title_zh(i), "家居", f"￥{price(i):,.2f}") for i in range(N_ITEMS))
    names = ("商品编号", "商品名称", "类目", "价格")
    items = _write(folder / "商品.csv", _rows(names, goods, end="\r\n"), "gb18030")
    return _truth(
        log,
        items,
        meant,
        lambda u: f"会员{u:04d}",
        lambda i: f"SP{i:05d}",
        fields={"商品名称": title_zh, "价格": price},
    )


def chinese_full_width(folder: Path) -> Truth:
    """UTF-8 with a mark; ids, ratings and times of the log typed in full-width digits."""
    meant = events(2)
    wide = str.maketrans("0123456789:/ ", "０１２３４５６７８９：／　")
    rows = (
        tuple(
            str(cell).translate(wide)
            for cell in (1000 + e.user, 500 + e.item, e.value, f"{e.at:%Y/%m/%d %H:%M}")
        )
        for e in meant
    )
    names = ("用户编号", "商品编号", "评分", "时间")
    log = _write(folder / "评分.csv", _rows(names, rows), "utf-8-sig")
    goods = ((500 + i, title_zh(i), f"{price(i):.2f}元") for i in range(N_ITEMS))
    items = _write(folder / "商品.csv", _rows(("商品编号", "商品名称", "价格"), goods), "utf-8-sig")
    return _truth(
        log,
        items,
        meant,
        lambda u: str(1000 + u),
        lambda i: str(500 + i),
        valued=True,
        timed=_minute,
        fields={"商品名称": title_zh, "价格": price},
    )


def sheet_exponents(folder: Path) -> Truth:
    """A German spreadsheet: `;`, decimal commas, days first, ids as 1,2E+06 and 17,0."""
    meant = events(3)

    def exponent(number: int) -> str:
        digits = f"{number:E}".split("E")
        return digits[0].rstrip("0").rstrip(".").replace(".", ",") + f"E+{int(digits[1]):02d}"

    rows = (
        (
            f"{e.user + 1},0",
            exponent(100_000 * (e.item + 1)),
            f"{e.value},0",
            f"{e.at:%d.%m.%Y %H:%M}",
        )
        for e in meant
    )
    names = ("Kundennummer", "Artikelnummer", "Bewertung", "Datum")
    log = _write(folder / "Bestellungen.csv", _rows(names, rows, ";", "\r\n"), "cp1252")
    goods = (
        (
            100_000 * (i + 1),
            f"Größe L: {title(i)}",
            f"{price(i):,.2f} €".translate(str.maketrans(",.", ".,")),
        )
        for i in range(N_ITEMS)
    )
    items = _write(
        folder / "Artikel.csv",
        _rows(("Artikelnummer", "Bezeichnung", "Preis"), goods, ";", "\r\n"),
        "cp1252",
    )
    return _truth(
        log,
        items,
        meant,
        lambda u: str(u + 1),
        lambda i: str(100_000 * (i + 1)),
        valued=True,
        timed=_minute,
        fields={"Bezeichnung": lambda i: f"Größe L: {title(i)}", "Preis": price},
    )


def sheet_serial_days(folder: Path) -> Truth:
    """A spreadsheet lost the leading zeros of the log's ids and wrote days as serial numbers."""
    meant = events(4)
    zero = datetime(1899, 12, 30, tzinfo=UTC)
    rows = (
        (e.user + 1, e.item + 1, e.value, f"{(e.at - zero) / timedelta(days=1):.6f}") for e in meant
    )
    names = ("customer_id", "sku", "rating", "order date")
    log = _write(folder / "orders.csv", _rows(names, rows, end="\r\n"), "utf-8-sig")
    goods = ((f"{i + 1:05d}", title(i), f"${price(i):,.2f}", "") for i in range(N_ITEMS))
    items = _write(folder / "catalogue.csv", _rows(("sku", "name", "price", ""), goods, end="\r\n"))
    return _truth(
        log,
        items,
        meant,
        lambda u: str(u + 1),
        lambda i: str(i + 1),
        valued=True,
        fields={"name": title, "price": price},
    )


def postgres_copy(folder: Path) -> Truth:
    r"""`\copy ... csv header null '\N'`: nulls as \N, arrays in braces, t and f, microseconds."""
    meant = events(5)
    rows = []
    for n, e in enumerate(meant):
        value = r"\N" if n % 40 == 7 else e.value
        rows.append((e.user + 1, e.item + 1, value, f"{e.at:%Y-%m-%d %H:%M:%S}.{n:06d}+00"))
    names = ("user_id", "product_id", "rating", "created_at")
    log = _write(folder / "ratings.csv", _rows(names, rows))
    goods = (
        (
            i + 1,
            title(i),
            r"\N" if i % 5 == 3 else text(i),
            r"\N" if i % 6 == 5 else f"{price(i):.2f}",
            "{" + COLOURS[i // 5] + ',"for home"}' if i % 7 else "{}",
            "t" if i % 2 else "f",
        )
        for i in range(N_ITEMS)
    )
    names = ("id", "name", "description", "price", "tags", "in_stock")
    items = _write(folder / "products.csv", _rows(names, goods))
    kept = [e for n, e in enumerate(meant) if n % 40 != 7]
    return _truth(
        log,
        items,
        kept,
        lambda u: str(u + 1),
        lambda i: str(i + 1),
        valued=True,
        timed=lambda at: math.floor(at.timestamp()),
        fields={
            "name": title,
            "price": price,
            "tags": lambda i: [COLOURS[i // 5], "for home"] if i % 7 else [],
        },
    )


def mysql_batch(folder: Path) -> Truth:
    r"""`mysql -B`: tabs, NULL, and \n, \t, \\ inside of texts."""
    meant = events(6)
    lines = ["user_id\tarticle_id\tplays\tlast_played"]
    lines += [f"{e.user + 1}\t{e.item + 1}\t{e.value}\t{e.at:%Y-%m-%d %H:%M:%S}" for e in meant]
    log = _write(folder / "plays.tsv", "\n".join(lines) + "\n")
    lines = ["article_id\ttitle\tbody\tprice\tdeleted_at"]
    lines += [
        f'{i + 1}\t{title(i)}\t{text(i)}\\n\\tIt is 3" wide and "new\\\\used".\t'
        f"{'NULL' if i % 5 == 3 else f'{price(i):.2f}'}\tNULL"
        for i in range(N_ITEMS)
    ]
    items = _write(folder / "articles.tsv", "\n".join(lines) + "\n")
    return _truth(
        log,
        items,
        meant,
        lambda u: str(u + 1),
        lambda i: str(i + 1),
        valued=True,
        fields={
            "body": lambda i: f'{text(i)}\n\tIt is 3" wide and "new\\used".',
            "price": price,
        },
    )


def shopify(folder: Path) -> Truth:
    """Orders with a row for each line item, products with a row for each further picture."""
    meant = events(7)
    orders: list[tuple[object, ...]] = []
    for n, e in enumerate(meant):
        mail = f"Buyer{e.user}@example.com"
        when = f"{e.at:%Y-%m-%d %H:%M:%S} +0100"
        first = n % 3 != 0
        orders.append(
            (
                f"#{1001 + n}",
                mail,
                "paid" if first else "",
                when if first else "",
                f"{price(e.item):.2f}" if first else "",
                when,
                e.value,
                title(e.item),
                f"{price(e.item):.2f}",
                f"SKU-{e.item:03d}",
                "",
            )
        )
    names = (
        *("Name", "Email", "Financial Status", "Paid at", "Total", "Created at"),
        *("Lineitem quantity", "Lineitem name", "Lineitem price", "Lineitem sku", "Notes"),
    )
    log = _write(folder / "orders_export.csv", _rows(names, orders))
    goods: list[tuple[object, ...]] = []
    for i in range(N_ITEMS):
        handle = title(i).replace(" ", "-")
        body = f"<p>{text(i)}</p>\n<ul><li>Caf&eacute; &amp; home</li></ul>"
        picture = f"https://cdn.shopify.com/s/files/1/{handle}"
        tags = f"{COLOURS[i // 5]}, home"
        row = (handle, title(i), body, "Acme", tags, f"SKU-{i:03d}", f"{price(i):.2f}")
        goods.append((*row, f"{picture}-1.jpg", 1, "active"))
        if i % 3 == 0:
            goods.append((handle, "", "", "", "", "", "", f"{picture}-2.jpg", 2, ""))
    names = (
        *("Handle", "Title", "Body (HTML)", "Vendor", "Tags", "Variant SKU", "Variant Price"),
        *("Image Src", "Image Position", "Status"),
    )
    items = _write(folder / "products_export.csv", _rows(names, goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: f"Buyer{u}@example.com",
        lambda i: f"SKU-{i:03d}",
        valued=True,
        timed=lambda at: at.timestamp() - 3600,
        fields={"Title": title, "Variant Price": price},
    )


def woocommerce(folder: Path) -> Truth:
    """HTML in descriptions, categories parted by bars, prices with a euro sign."""
    meant = events(8)
    orders = (
        (5000 + n, "wc-completed", f"{e.at:%Y-%m-%d %H:%M}", 90 + e.user, 200 + e.item, e.value)
        for n, e in enumerate(meant)
    )
    names = ("Order ID", "Order Status", "Order Date", "Customer ID", "Product ID", "Quantity")
    log = _write(folder / "orders.csv", _rows(names, orders), "utf-8-sig")
    goods = (
        (
            200 + i,
            "simple",
            f"W-{i}",
            title(i),
            1,
            f'<div class="d">{text(i)}<br/>\\n<script>var a = 1;</script></div>',
            f"{price(i):.2f} €".replace(".", ","),
            f"Home > {COLOURS[i // 5]}|Sale|New",
            f"https://shop.example/{i}.jpg",
            "",
        )
        for i in range(N_ITEMS)
    )
    names = (
        *("ID", "Type", "SKU", "Name", "Published", "Description", "Regular price"),
        *("Categories", "Images", "Tags"),
    )
    items = _write(folder / "wc-product-export.csv", _rows(names, goods), "utf-8-sig")
    return _truth(
        log,
        items,
        meant,
        lambda u: str(90 + u),
        lambda i: str(200 + i),
        timed=_minute,
        fields={
            "Name": title,
            "Regular price": price,
            "Categories": lambda i: [f"Home > {COLOURS[i // 5]}", "Sale", "New"],
        },
    )


def big_rows(n: int, seed: int = 9) -> Iterator[tuple[int, int, int, int]]:
    """User, item, rating and time of a log of any length, one row at a time."""
    draw = random.Random(seed)
    n_users, n_items = max(40, n // 40), max(30, min(50_000, n // 100))
    at = int(START.timestamp())
    for _ in range(n):
        at += draw.randrange(3)
        user = int(n_users * draw.random() ** 2)
        yield user, int(n_items * draw.random() ** 3), 1 + draw.randrange(5), at


def big(folder: Path, n: int = 4000) -> Truth:
    """A log written as a stream: 29 bytes an event, so 2 GB are 69 million of them."""
    log, items = folder / "log.csv", folder / "items.csv"
    users, bought, total, times = set(), set(), 0, (math.inf, -math.inf)
    with log.open("w", encoding="utf-8") as stream:
        stream.write("user_id,item_id,rating,timestamp\n")
        for user, item, value, at in big_rows(n):
            stream.write(f"{10_000_000 + user},{100_000 + item},{value},{at}\n")
            users.add(user)
            bought.add(item)
            total += value
            times = (min(times[0], at), max(times[1], at))
    rows = ((100_000 + i, title(i % N_ITEMS), text(i % N_ITEMS)) for i in sorted(bought))
    _write(items, _rows(("item_id", "title", "description"), rows))
    return Truth(
        log,
        items,
        n,
        frozenset(str(10_000_000 + u) for u in users),
        frozenset(str(100_000 + i) for i in bought),
        float(total),
        times,
    )


def ragged(folder: Path) -> Truth:
    """Some lines of both files have a field too many or too few."""
    meant = events(10)
    log = _plain_log(folder, meant)
    lines = log.read_text().splitlines()
    lines[50], lines[90] = lines[50].rsplit(",", 1)[0], lines[90] + ",,"
    _write(log, "\n".join(lines) + "\n")
    items = _plain_items(folder)
    lines = items.read_text().splitlines()
    lines[29] = f'28,{title(28)},"a, b"'
    lines[30] = f"29,{title(29)},soft, warm, and red,{price(29)}"
    _write(items, "\n".join(lines) + "\n")
    kept = [e for n, e in enumerate(meant) if n + 1 != 50]  # the line after the names is number 1
    return _truth(log, items, kept, str, str, valued=True, fields={"title": title, "price": price})


def repeated_headers(folder: Path) -> Truth:
    """Monthly exports, one after the other: each with its line of names, and a total below."""
    meant = events(11)
    log = _plain_log(folder, meant, lambda u: f"u{u}")
    lines = log.read_text().splitlines()
    lines[200:200] = ["", lines[0]]
    lines[350:350] = [lines[0]]
    lines.append(f"Total,{len(meant)},,")
    _write(log, "\n".join(lines) + "\n")
    return _truth(
        log,
        _plain_items(folder),
        meant,
        lambda u: f"u{u}",
        str,
        valued=True,
        fields={"title": title, "price": price},
    )


def unclosed_quotes(folder: Path) -> Truth:
    """Inches: a quote in the middle of a field, at its end, and one that opens a field."""
    meant = events(12)
    log = _plain_log(folder, meant)
    marks = {3: '15" screen, new', 7: '7" tablet', 12: '"the best" lamp'}
    rows = [f"{i},{marks.get(i, title(i)).replace(',', ' /')},{price(i)}" for i in range(N_ITEMS)]
    rows[20] = f'20,"big lamp,{price(20)}'
    items = _write(folder / "items.csv", "\n".join(["item_id,title,price", *rows]) + "\n")
    return _truth(
        log,
        items,
        meant,
        str,
        str,
        valued=True,
        fields={
            "title": lambda i: marks.get(i, title(i)).replace(",", " /"),
            "price": price,
        },
    )


def mixed_zones(folder: Path) -> Truth:
    """Two servers: one writes +02:00 and the other Z."""
    meant = events(13)
    zones = (timezone(timedelta(hours=2)), UTC, timezone(timedelta(hours=-5)))
    rows = []
    for n, e in enumerate(meant):
        local = e.at.astimezone(zones[n % 3]).isoformat()
        rows.append((f"u{e.user}", e.item, e.value, local.replace("+00:00", "Z")))
    log = _write(folder / "log.csv", _rows(("user", "item", "stars", "time"), rows))
    return _truth(
        log,
        _plain_items(folder),
        meant,
        lambda u: f"u{u}",
        str,
        valued=True,
        fields={"title": title, "price": price},
    )


def mixed_units(folder: Path) -> Truth:
    """The app was changed in June: seconds before, milliseconds after."""
    meant = events(14)
    change = START + timedelta(days=60)
    rows = [
        (e.user, e.item, e.value, int(e.at.timestamp() * (1 if e.at < change else 1000)))
        for e in meant
    ]
    log = _write(folder / "log.csv", _rows(("userId", "itemId", "rating", "ts"), rows))
    return _truth(
        log,
        _plain_items(folder),
        meant,
        str,
        str,
        valued=True,
        fields={"title": title, "price": price},
    )


def variants(folder: Path) -> Truth:
    """A catalogue with a row for each size, empty columns, and columns that say one thing."""
    meant = events(15)
    log = _plain_log(folder, meant)
    rows = [
        (i, title(i), text(i), f"{price(i):.2f}", size, "", "EUR", "")
        for i in range(N_ITEMS)
        for size in ("S", "M", "L")
    ]
    names = ("item_id", "title", "description", "price", "size", "notes", "currency", "")
    items = _write(folder / "items.csv", _rows(names, rows))
    return _truth(log, items, meant, str, str, valued=True, fields={"title": title, "price": price})


def utf16(folder: Path) -> Truth:
    """ "Unicode text" of a spreadsheet: UTF-16 with a mark, tabs, lines ended by CR LF."""
    meant = events(16)
    rows = ((f"ü{e.user}", e.item, e.value, f"{e.at:%m/%d/%Y %H:%M}") for e in meant)
    names = ("customer", "product", "rating", "date")
    log = _write(folder / "log.txt", _rows(names, rows, "\t", "\r\n"), "utf-16")
    goods = ((i, f"{title(i)} – naïve", f"{price(i):.2f}") for i in range(N_ITEMS))
    names = ("product", "name", "price")
    items = _write(folder / "items.txt", _rows(names, goods, "\t", "\r\n"), "utf-16")
    return _truth(
        log,
        items,
        meant,
        lambda u: f"ü{u}",
        str,
        valued=True,
        timed=_minute,
        fields={"name": lambda i: f"{title(i)} – naïve", "price": price},
    )


def emails_and_strangers(folder: Path) -> Truth:
    """Users are mail addresses in any case; the catalogue lacks an item and has unsold ones."""
    meant = events(17)
    rows = [
        (
            (f"Ann{e.user}@Example.com" if n % 2 else f"ann{e.user}@example.com "),
            f"a-{e.item}",
            f"{e.at:%Y-%m-%dT%H:%M:%S}",
        )
        for n, e in enumerate(meant)
    ]
    log = _write(folder / "log.csv", _rows(("email", "article", "purchased_at"), rows))
    goods = [(f"a-{i}", title(i % N_ITEMS), text(i % N_ITEMS)) for i in range(90) if i != 4]
    items = _write(folder / "items.csv", _rows(("article", "name", "description"), goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: f"ann{u}@example.com",
        lambda i: f"a-{i}",
        fields={"name": title},
        keys=('same_ids=["case","blanks"]',),
        says='which are read alike: same_ids = ["blanks", "case"]',
    )


def counts(folder: Path) -> Truth:
    """A log without times that counts, with totals of thousands written 1,204."""
    meant = events(18)
    rows = ((f"u{e.user}", f"t{e.item}", f"{e.value * 401:,}") for e in meant)
    log = _write(folder / "log.csv", _rows(("listener", "track", "play_count"), rows))
    goods = ((f"t{i}", title(i), "pop" if i % 2 else "rock") for i in range(N_ITEMS))
    items = _write(folder / "tracks.csv", _rows(("track", "title", "genre"), goods))
    many = [Event(e.user, e.item, e.value * 401, e.at) for e in meant]
    return _truth(
        log,
        items,
        many,
        lambda u: f"u{u}",
        lambda i: f"t{i}",
        valued=True,
        timed=None,
        fields={"title": title},
    )


def placeholders(folder: Path) -> Truth:
    """99 stands for no rating, "n/a" and "-" for nothing, and 0 for an unknown price."""
    meant = events(19)
    rows = [
        (f"u{e.user}", e.item, 99 if n % 8 == 3 else e.value, f"{e.at:%Y-%m-%d}")
        for n, e in enumerate(meant)
    ]
    log = _write(folder / "log.csv", _rows(("user", "item", "rating", "date"), rows))
    goods = (
        (i, title(i), "n/a" if i % 4 == 1 else text(i), "-" if i % 3 == 2 else f"{price(i):.2f}")
        for i in range(N_ITEMS)
    )
    items = _write(folder / "items.csv", _rows(("item", "title", "description", "price"), goods))
    nothing = [
        Event(e.user, e.item, 99 if n % 8 == 3 else e.value, e.at) for n, e in enumerate(meant)
    ]
    return _truth(
        log,
        items,
        nothing,
        lambda u: f"u{u}",
        str,
        valued=True,
        timed=lambda at: at.timestamp() // 86400 * 86400,
        fields={"title": title, "price": lambda i: None if i % 3 == 2 else price(i)},
    )


def inserts(folder: Path) -> Truth:
    """A dump of INSERT statements in place of a table."""
    meant = events(20)
    lines = [
        "-- MySQL dump 10.13  Distrib 8.0.36",
        "DROP TABLE IF EXISTS `ratings`;",
        "CREATE TABLE `ratings` (`user_id` int, `item_id` int, `rating` int, `at` datetime);",
    ]
    lines += [
        f"INSERT INTO `ratings` VALUES ({e.user},{e.item},{e.value},'{e.at:%Y-%m-%d %H:%M:%S}');"
        for e in meant
    ]
    log = _write(folder / "dump.sql", "\n".join(lines) + "\n")
    return _truth(log, _plain_items(folder), meant, str, str, valued=True, says="SQL")


def mysql_outfile(folder: Path) -> Truth:
    """SELECT INTO OUTFILE: every field quoted, quotes and line ends with a backslash, no names."""
    meant = events(21)

    def cell(value: object) -> str:
        if value is None:
            return "\\N"
        text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\\n")
        return f'"{text}"'

    rows = (
        (n + 1, e.user + 17, e.item + 100, f"{e.at:%Y-%m-%d %H:%M:%S}", None if n % 9 else "gift")
        for n, e in enumerate(meant)
    )
    log = _write(folder / "log.csv", "".join(",".join(map(cell, row)) + "\n" for row in rows))
    goods = [("product_id", "title", "long_text", "brand")]
    goods += [
        (str(i + 100), title(i), f'"{title(i)}",\nsize 10"', "House" if i % 3 else "Hut")
        for i in range(N_ITEMS)
    ]
    items = _write(folder / "items.csv", "".join(",".join(map(cell, row)) + "\n" for row in goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: str(u + 17),
        lambda i: str(i + 100),
        fields={"title": title, "long_text": lambda i: f'"{title(i)}",\nsize 10"'},
    )


def french_sheet(folder: Path) -> Truth:
    """A title, empty columns at the end, days with decimal commas, a row of sums, Windows-1252."""
    meant = events(22)
    base = datetime(1899, 12, 30, tzinfo=UTC)
    rows = [("Export des commandes", *[""] * 5)]
    rows += [("N° client", "Réf. produit", "Date commande", "Qté", "", "")]
    rows += [
        (
            f"C{e.user:03}",
            f"REF-{e.item:04}",
            f"{(e.at - base).total_seconds() / 86400:.8f}".replace(".", ","),
            str(e.value),
            "",
            "",
        )
        for e in meant
    ]
    rows += [("Total", "", "", str(len(meant)), "", "")]
    log = _write(folder / "commandes.csv", _rows(rows[0], rows[1:], ";", "\r\n"), "cp1252")
    goods = (
        (f"REF-{i:04}", title(i), f"{price(i):.2f}".replace(".", ","), f"{i + 1:02}.11.2023")
        for i in range(N_ITEMS)
    )
    names = ("Réf. produit", "Désignation", "Prix HT", "Créé le")
    items = _write(folder / "produits.csv", _rows(names, goods, ";", "\r\n"), "utf-8-sig")
    return _truth(
        log,
        items,
        meant,
        lambda u: f"C{u:03}",
        lambda i: f"REF-{i:04}",
        fields={"Désignation": title, "Prix HT": price},
    )


def korean(folder: Path) -> Truth:
    """CP949, Korean names of columns, halves of the day, prices in won."""
    meant = events(23)

    def clock(at: datetime) -> str:
        half = "오전" if at.hour < 12 else "오후"
        return f"{at:%Y.%m.%d} {half} {(at.hour - 1) % 12 + 1}:{at.minute:02}"

    orders = ((f"M{e.user:05}", f"P{e.item:05}", clock(e.at), e.value) for e in meant)
    names = ("회원번호", "상품코드", "주문일시", "수량")
    log = _write(folder / "주문.csv", _rows(names, orders), "cp949")
    goods = ((f"P{i:05}", f"상품 {title(i)}", f"{(i + 1) * 1100:,}원") for i in range(N_ITEMS))
    items = _write(folder / "상품.csv", _rows(("상품코드", "상품명", "판매가"), goods), "cp949")
    return _truth(
        log,
        items,
        meant,
        lambda u: f"M{u:05}",
        lambda i: f"P{i:05}",
        timed=_minute,
        fields={"상품명": lambda i: f"상품 {title(i)}", "판매가": lambda i: 1100.0 * (i + 1)},
    )


def cyrillic(folder: Path) -> Truth:
    """Windows-1251, a comma inside of a column's name and in every amount."""
    meant = events(24)
    names = ("Клиент", "Артикул", "Дата продажи", "Сумма, руб.")
    orders = (
        (f"К-{e.user:04}", f"А{e.item:03}", f"{e.at:%d.%m.%Y %H:%M:%S}", f"{e.value} 200,50")
        for e in meant
    )
    log = _write(folder / "продажи.csv", _rows(names, orders, ";", "\r\n"), "cp1251")
    goods = ((f"А{i:03}", f"товар {i} из дерева", f"{i + 1} 000,50") for i in range(N_ITEMS))
    names = ("Артикул", "Наименование", "Цена")
    items = _write(folder / "товары.csv", _rows(names, goods, ";", "\r\n"), "cp1251")
    return _truth(
        log,
        items,
        meant,
        lambda u: f"К-{u:04}",
        lambda i: f"А{i:03}",
        fields={"Цена": lambda i: 1000.0 * (i + 1) + 0.5},
    )


def nested_json(folder: Path) -> Truth:
    """JSON lines whose users and items are objects, and prices too."""
    meant = events(25)
    lines = (
        {
            "user": {"id": f"u{e.user}", "land": "at"},
            "item": {"id": f"i{e.item}", "place": 3},
            "rating": e.value,
            "ts": e.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        for e in meant
    )
    log = _write(folder / "events.jsonl", "".join(json.dumps(row) + "\n" for row in lines))
    goods = (
        {"id": f"i{i}", "name": title(i), "price": {"amount": price(i), "currency": "EUR"}}
        for i in range(N_ITEMS)
    )
    items = _write(folder / "items.jsonl", "".join(json.dumps(row) + "\n" for row in goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: f"u{u}",
        lambda i: f"i{i}",
        valued=True,
        fields={"name": title, "price.amount": price},
    )


def magento(folder: Path) -> Truth:
    """A number of the row that is called item_id, and the article beside it."""
    meant = events(26)
    names = ("item_id", "order_id", "sku", "qty_ordered", "created_at", "customer_id")
    orders = (
        (n + 1, 900 + n // 2, f"MG-{e.item:03}", "1.0000", f"{e.at:%Y-%m-%d %H:%M:%S}", e.user + 1)
        for n, e in enumerate(meant)
    )
    log = _write(folder / "sales_order_item.csv", _rows(names, orders))
    goods = ((f"MG-{i:03}", title(i), f"{price(i):.4f}") for i in range(N_ITEMS))
    items = _write(folder / "catalog_product.csv", _rows(("sku", "name", "price"), goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: str(u + 1),
        lambda i: f"MG-{i:03}",
        fields={"name": title, "price": price},
    )


def listens(folder: Path) -> Truth:
    """No names, the time in the second column, an empty one, artists by UUID."""
    meant = events(27)
    ids = [str(UUID(int=2**120 + 977 * i)) for i in range(N_ITEMS)]
    rows = (
        f"user_{e.user:04}\t{e.at:%Y-%m-%dT%H:%M:%SZ}\t{ids[e.item]}\t{title(e.item)}\t\tTrack {n}"
        for n, e in enumerate(meant)
    )
    log = _write(folder / "listens.tsv", "\n".join(rows) + "\n")
    goods = ((ids[i], title(i), f"['tag {i % 5}', 'live']") for i in range(N_ITEMS))
    items = _write(folder / "artists.csv", _rows(("mbid", "artist_name", "tags"), goods))
    return _truth(
        log,
        items,
        meant,
        lambda u: f"user_{u:04}",
        lambda i: ids[i],
        fields={"artist_name": title, "tags": lambda i: [f"tag {i % 5}", "live"]},
    )


PAIRS: tuple[Callable[[Path], Truth], ...] = (
    chinese_gb18030,
    chinese_full_width,
    sheet_exponents,
    sheet_serial_days,
    postgres_copy,
    mysql_batch,
    shopify,
    woocommerce,
    big,
    ragged,
    repeated_headers,
    unclosed_quotes,
    mixed_zones,
    mixed_units,
    variants,
    utf16,
    emails_and_strangers,
    counts,
    placeholders,
    inserts,
    mysql_outfile,
    french_sheet,
    korean,
    cyrillic,
    nested_json,
    magento,
    listens,
)


def build(folder: Path) -> dict[str, Truth]:
    """Write every pair, each into a folder of its own below `folder`."""
    built = {}
    for make in PAIRS:
        place = folder / make.__name__
        place.mkdir(parents=True)
        built[make.__name__] = make(place)
    return built
