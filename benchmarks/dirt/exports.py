# ruff: noqa: RUF001 - these are texts of many languages
"""Exports as offices and web shops write them: two lines of names, refunds in part, a file a month,
one address in two spellings, orders with a list of lines.
"""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dirt.east import CHINA, WIDE
from dirt.pair import ORDERED, Pair, Truth, delimited, liked, names_of
from dirt.shop import Event, orders_of, shop


def pairs() -> list[Pair]:
    """Nine pairs."""
    return [
        _full_width(),
        _merged_cells(),
        _months(),
        _torn_quotes(),
        _addresses(),
        _baskets(),
        _credits(),
        _mail_dates(),
        _local_times(),
    ]


def _day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def _full_width() -> Pair:
    world = shop(701, "zh")
    # a character that GB 18030 writes in four bytes, and GBK not at all
    names = [
        name.replace(name[0], "㐂", 1) if row % 5 == 0 else name
        for row, name in enumerate(world.names)
    ]
    days = "一二三四五六日"

    def write(folder: Path) -> None:
        rows: list[list[object]] = [
            ["会员卡号", "货号", "购买日期", "数量（件）", "实付金额（元）"]
        ]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, CHINA)
            when = f"{at.year}年{at.month}月{at.day}日　星期{days[at.weekday()]}"
            paid = f"{world.prices[e.item] / 100:,.2f}".translate(WIDE)
            cells = [f"ＶＩＰ{e.user:05}".translate(WIDE), f"{700_000 + e.item}".translate(WIDE)]
            rows.append([*cells, when.translate(WIDE), "１", paid.replace(",", "，")])
        (folder / "会员消费.csv").write_bytes(delimited(rows).encode("gb18030"))
        goods = [["货号", "品名", "大类", "备注"]] + [
            [f"{700_000 + row}".translate(WIDE), name, world.things[row], "－"]
            for row, name in enumerate(names)
        ]
        (folder / "货品.csv").write_bytes(delimited(goods).encode("gb18030"))

    return Pair(
        "all in full width",
        "GB 18030 with four-byte characters, every digit full-width, `２０２４年３月５日　星期二`",
        write,
        ("会员消费.csv", "货品.csv"),
        Truth(
            good=liked(world, lambda u: f"VIP{u:05}", lambda i: str(700_000 + i)),
            names={str(700_000 + row): name for row, name in enumerate(names)},
            slack=2 * 86_400,
            multilingual=True,
            fold=lambda text: unicodedata.normalize("NFKC", text),
        ),
        "ＶＩＰ００００７",
        knows={"data.time_zone": "Asia/Shanghai"},
    )


def _merged_cells() -> Pair:
    world = shop(702)
    own: dict[int, list[Event]] = {}
    for e in world.events:
        own.setdefault(e.user, []).append(e)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [
            ["Customer", "", "Sale", "", "", "Amount", ""],
            ["No.", "Region", "Article", "Date", "Qty", "Net", "VAT"],
        ]
        for user, events in own.items():
            total = 0.0
            for number, e in enumerate(events):
                net = world.prices[e.item] / 100
                total += net
                # the cells of the customer are merged over all of the customer's lines
                who = [f"D-{user:04}", "North" if user % 2 else "South"] if not number else ["", ""]
                rows.append([*who, f"{e.item:04}", _day(e.at), 1, f"{net:.2f}", f"{net * 0.2:.2f}"])
            if user % 4 == 0:
                rows.append(["Subtotal", "", "", "", len(events), f"{total:.2f}", ""])
        rows.append(["", "", "", "", "", "", ""])
        whole = sum(world.prices[e.item] for e in world.events) / 100
        rows.append(["Grand total", "", "", "", len(world.events), f"{whole:.2f}", ""])
        (folder / "sales sheet.csv").write_text(delimited(rows))
        goods: list[list[object]] = [["Article", "Description", "List price"]]
        goods += [
            [f"{row:04}", name, world.prices[row] / 100] for row, name in enumerate(world.names)
        ]
        goods.append(["Total", "", f"{sum(world.prices) / 100:.2f}"])
        (folder / "articles.csv").write_text(delimited(goods))

    return Pair(
        "merged cells",
        "names in two lines, the customer only in the first of its rows, subtotals and totals",
        write,
        ("sales sheet.csv", "articles.csv"),
        Truth(
            good=liked(world, lambda u: f"D-{u:04}", lambda i: f"{i:04}"),
            most=len(world.events),
            names=names_of(world, "{:04}"),
            slack=86_400,
            n_users=world.n_users,
        ),
        "D-0007",
    )


def _months() -> Pair:
    world = shop(703)
    middle = world.events[len(world.events) // 2].at
    files = ("sales_2024-h1.csv", "sales_2024-h2.csv")

    def write(folder: Path) -> None:
        for name, keep in zip(
            files, (lambda at: at < middle, lambda at: at >= middle), strict=True
        ):
            rows = [["customer", "product", "sold_at"]]
            rows += [
                [
                    f"c{e.user}",
                    f"p{e.item}",
                    f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%d %H:%M:%S}",
                ]
                for e in world.events
                if keep(e.at)
            ]
            (folder / name).write_text(delimited(rows))
        goods = [["product", "title"]] + [[f"p{row}", name] for row, name in enumerate(world.names)]
        (folder / "products.csv").write_text(delimited(goods))

    return Pair(
        "a file each half year",
        "the log in two files of the same columns, given one after the other before the catalogue",
        write,
        (*files, "products.csv"),
        Truth(
            good=liked(world, lambda u: f"c{u}", lambda i: f"p{i}"),
            names=names_of(world, "p{}"),
        ),
        "c7",
    )


def _torn_quotes() -> Pair:
    world = shop(704)

    def write(folder: Path) -> None:
        rows = ["reader\tbook\tremark\tread_on"]
        for number, e in enumerate(world.events):
            name = world.names[e.item]
            said = (
                f'"{name}" is good',
                f'a 5" {name}, "really',
                f'"never ends, {name}',
                f"'{name}'",
                f'they call it ""{name}"',
            )[number % 5]
            rows.append(f"r{e.user}\tb{e.item}\t{said}\t{_day(e.at)}")
        (folder / "readings.tsv").write_text("\n".join(rows) + "\n")
        goods = ["book\ttitle\tabout"]
        goods += [
            f'b{row}\t{name}\t{(chr(34) if row % 3 == 0 else "") + name} in 12" format'
            for row, name in enumerate(world.names)
        ]
        (folder / "books.tsv").write_text("\n".join(goods) + "\n")

    return Pair(
        "torn quotes",
        "tabs; quotes that open and never close, stand for inches, or are doubled on one side",
        write,
        ("readings.tsv", "books.tsv"),
        Truth(
            good=liked(world, lambda u: f"r{u}", lambda i: f"b{i}"),
            names=names_of(world, "b{}"),
            slack=86_400,
            n_users=world.n_users,
        ),
        "r7",
    )


def _addresses() -> Pair:
    world = shop(705)

    def spelled(user: int, number: int) -> str:
        plain = f"first{user}.last@example.com"
        kinds = (plain, plain.title(), plain.upper(), f"{plain.capitalize()} ")
        return kinds[number % 4] if user % 2 else plain

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["email", "sku", "paid_at", "total"]]
        for number, e in enumerate(world.events):
            price = f"{world.prices[e.item] / 100:.2f}"
            when = f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%dT%H:%M:%SZ}"
            rows.append([spelled(e.user, number), f"sku{e.item}", when, price])
        (folder / "payments.csv").write_text(delimited(rows))
        goods = [["sku", "name"]] + [[f"sku{row}", name] for row, name in enumerate(world.names)]
        (folder / "skus.csv").write_text(delimited(goods))

    return Pair(
        "addresses in two spellings",
        "people known by e-mail, half of them in capitals now and then, or with a blank behind",
        write,
        ("payments.csv", "skus.csv"),
        Truth(
            good=liked(world, lambda u: f"first{u}.last@example.com", lambda i: f"sku{i}"),
            names=names_of(world, "sku{}"),
            fold=lambda text: text.strip().lower(),
            n_users=world.n_users,
        ),
        "first7.last@example.com",
    )


def _baskets() -> Pair:
    world = shop(706)
    orders = orders_of(world)

    def write(folder: Path) -> None:
        with (folder / "orders.jsonl").open("w") as file:
            for number, order in enumerate(orders):
                lines = [
                    {
                        "sku": f"K{e.item}",
                        "qty": 1 + e.item % 2,
                        "price": world.prices[e.item] / 100,
                    }
                    for e in order
                ]
                at = datetime.fromtimestamp(order[0].at, UTC)
                told = {
                    "order_id": f"o{number}",
                    "customer": {"id": order[0].user + 1, "vip": order[0].user % 9 == 0},
                    "placed_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    "lines": lines,
                    "shipping": {"address": {"country": "NL"}},
                }
                file.write(json.dumps(told) + "\n")
        with (folder / "products.jsonl").open("w") as file:
            for row, name in enumerate(world.names):
                about = {"name": name, "bullets": ["sturdy", world.things[row]]}
                file.write(json.dumps({"sku": f"K{row}", "content": about}) + "\n")

    return Pair(
        "orders with a list of lines",
        "one object of JSON an order, its products in a list of objects, the customer an object",
        write,
        ("orders.jsonl", "products.jsonl"),
        Truth(
            good={(str(e.user + 1), f"K{e.item}"): order[0].at for order in orders for e in order},
            names=names_of(world, "K{}"),
        ),
        "8",
    )


def _credits() -> Pair:
    world = shop(707, "de")
    whole = {(e.user, e.item) for e in world.events if (e.user + e.item) % 8 == 0}
    partly = {(e.user, e.item) for e in world.events if (e.user + e.item) % 8 == 1}

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["Belegart", "Debitor", "Material", "Fakturadatum", "Menge"]]
        rows[0].append("Nettowert")
        for e in world.events:
            price = _german(3 * world.prices[e.item])
            rows.append(["F2", f"{e.user:010}", f"{e.item:08}", _german_day(e.at), "3", price])
            back = 3 if (e.user, e.item) in whole else 1 if (e.user, e.item) in partly else 0
            if back:
                price = _german(back * world.prices[e.item])
                cells = [f"{e.user:010}", f"{e.item:08}", _german_day(e.at + 5 * 86_400)]
                # the sign stands behind the number
                rows.append(["RE", *cells, f"{back}-", f"{price}-"])
        (folder / "fakturen.csv").write_bytes(delimited(rows, ";").encode("cp1252"))
        goods = [["Material", "Materialkurztext", "Warengruppe"]] + [
            [f"{row:08}", name, world.things[row]] for row, name in enumerate(world.names)
        ]
        (folder / "materialstamm.csv").write_bytes(delimited(goods, ";").encode("cp1252"))

    return Pair(
        "credits in whole and in part",
        "quantities as `3-` behind the number: what came back whole must not count, a part does",
        write,
        ("fakturen.csv", "materialstamm.csv"),
        Truth(
            good=liked(
                world,
                lambda u: f"{u:010}",
                lambda i: f"{i:08}",
                keep=lambda e: (e.user, e.item) not in whole,
            ),
            not_good=frozenset((f"{u:010}", f"{i:08}") for u, i in whole),
            names=names_of(world, "{:08}"),
            slack=2 * 86_400,
            multilingual=True,
        ),
        "0000000007",
        knows={"data.time_zone": "Europe/Berlin"},
    )


def _german(cents: int) -> str:
    return f"{cents / 100:,.2f}".translate(str.maketrans(",.", ".,"))


def _german_day(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%d.%m.%Y}"


def _mail_dates() -> Pair:
    world = shop(708)
    hours = (-5, 0, 1, 5.5, 9)

    def when(e: Event, number: int) -> str:
        at = datetime.fromtimestamp(e.at, timezone(timedelta(hours=hours[number % 5])))
        if number % 5 == 0:
            return f"{at:%a, %d %b %Y %H:%M:%S} EST"
        return format_datetime(at, usegmt=False)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["subscriber", "letter", "opened", "client"]]
        rows += [
            [f"s{e.user}", f"n{e.item}", when(e, number), "Mail/2.0 (X11; U)"]
            for number, e in enumerate(world.events)
        ]
        (folder / "opens.csv").write_text(delimited(rows))
        goods = [["letter", "subject"]] + [
            [f"n{row}", f"{name}: now"] for row, name in enumerate(world.names)
        ]
        (folder / "letters.csv").write_text(delimited(goods))

    return Pair(
        "dates of mails",
        "`Tue, 05 Mar 2024 14:03:00 +0530` beside -0000, +0100, +0900 and `EST` in one column",
        write,
        ("opens.csv", "letters.csv"),
        Truth(
            good=liked(world, lambda u: f"s{u}", lambda i: f"n{i}"),
            names=names_of(world, "n{}"),
            split=ORDERED,
        ),
        "s7",
    )


def _local_times() -> Pair:
    world = shop(709)
    zones = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC", "Australia/Adelaide")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["rider", "route", "local_time", "timezone"]]
        for number, e in enumerate(world.events):
            # people travel
            zone = zones[(e.user + number // 400) % len(zones)]
            at = datetime.fromtimestamp(e.at, ZoneInfo(zone))
            rows.append([f"r{e.user}", f"w{e.item}", f"{at:%Y-%m-%d %H:%M:%S}", zone])
        (folder / "rides.csv").write_text(delimited(rows))
        goods = [["route", "title"]] + [[f"w{row}", name] for row, name in enumerate(world.names)]
        (folder / "routes.csv").write_text(delimited(goods))

    return Pair(
        "local times",
        "times without a zone, and the zone of each row in a column of its own",
        write,
        ("rides.csv", "routes.csv"),
        Truth(
            good=liked(world, lambda u: f"r{u}", lambda i: f"w{i}"),
            names=names_of(world, "w{}"),
            split=ORDERED,
        ),
        "r7",
    )
