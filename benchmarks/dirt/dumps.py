"""Dumps of databases, and what programs write for programs: JSON lines, Parquet in parts."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl
import zstandard
from dirt.pair import ORDERED, Pair, Truth, liked, names_of
from dirt.shop import shop


def pairs() -> list[Pair]:
    """Six pairs."""
    return [_mysql(), _postgres(), _nested(), _packed(), _parts(), _exported_frame()]


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def _mysql() -> Pair:
    world = shop(301)
    names = [name.replace(" small", " (kid's)") for name in world.names]

    def write(folder: Path) -> None:
        events = [
            f"({n},{e.user + 1},{e.item + 1},1,"
            f"'{datetime.fromtimestamp(e.at, UTC):%Y-%m-%d %H:%M:%S}',NULL)"
            for n, e in enumerate(world.events, 1)
        ]
        goods = [
            f"({row + 1},{_quoted(name)},{_quoted(f'A {name};' + chr(10) + 'really (good), yes.')},"
            f"{world.prices[row] / 100:.2f})"
            for row, name in enumerate(names)
        ]
        head = "-- MySQL dump 10.13  Distrib 8.0.36, for Linux (x86_64)\n--\n-- Host: localhost\n"
        head += "/*!40101 SET NAMES utf8mb4 */;\nSET time_zone = '+00:00';\n\n"
        (folder / "order_items.sql").write_text(
            head
            + _table(
                "order_items", ["id", "user_id", "product_id", "quantity", "created_at", "note"]
            )
            + "".join(_inserts("order_items", events, ""))
        )
        (folder / "products.sql").write_text(
            head
            + _table("products", ["id", "name", "description", "price"])
            + "".join(_inserts("products", goods, " (`id`, `name`, `description`, `price`)"))
        )

    return Pair(
        "mysql dump",
        "INSERT INTO with many rows a line, quotes and line ends inside of texts, NULL",
        write,
        ("order_items.sql", "products.sql"),
        Truth(
            good=liked(world, lambda u: str(u + 1), lambda i: str(i + 1)),
            names={str(row + 1): name for row, name in enumerate(names)},
            slack=0,
        ),
        "8",
    )


def _table(name: str, columns: list[str]) -> str:
    lines = [f"  `{column}` varchar(255) DEFAULT NULL" for column in columns]
    lines += [f"  PRIMARY KEY (`{columns[0]}`)"]
    told = f"DROP TABLE IF EXISTS `{name}`;\nCREATE TABLE `{name}` (\n" + ",\n".join(lines)
    return told + f"\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\n\nLOCK TABLES `{name}` WRITE;\n"


def _inserts(name: str, rows: list[str], columns: str) -> Iterator[str]:
    for start in range(0, len(rows), 400):
        yield f"INSERT INTO `{name}`{columns} VALUES {','.join(rows[start : start + 400])};\n"
    yield "UNLOCK TABLES;\n"


def _postgres() -> Pair:
    world = shop(302)

    def write(folder: Path) -> None:
        zone = timezone(timedelta(hours=2))
        head = "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\n"
        lines = ["COPY public.products (id, title, about, price) FROM stdin;"]
        for row, name in enumerate(world.names):
            about = f"{name}\\n\\twith a tab, a backslash \\\\ and no end" if row % 7 else "\\N"
            lines.append(f"{row}\t{name}\t{about}\t{world.prices[row] / 100:.2f}")
        lines += ["\\.", "", ""]
        lines.append("COPY public.events (id, customer, product, kind, happened) FROM stdin;")
        for number, e in enumerate(world.events):
            at = datetime.fromtimestamp(e.at, zone)
            when = f"{at:%Y-%m-%d %H:%M:%S}.{number % 1000:03}+02"
            lines.append(f"{number}\tcu{e.user}\t{e.item}\tpurchase\t{when}")
        lines += ["\\.", "", "--", "-- PostgreSQL database dump complete", "--"]
        create = (
            "CREATE TABLE public.products (\n    id integer NOT NULL,\n    title text,\n"
            "    about text,\n    price numeric(10,2)\n);\n\n"
        )
        (folder / "backup.sql").write_text(head + create + "\n".join(lines) + "\n")

    return Pair(
        "postgres dump",
        "one dump with both tables: COPY ... FROM stdin, \\N, \\t and \\n in texts, zone +02",
        write,
        ("backup.sql",),
        Truth(
            good=liked(world, lambda u: f"cu{u}", str),
            names=names_of(world),
            slack=1,
        ),
        "cu7",
    )


def _nested() -> Pair:
    world = shop(303)

    def write(folder: Path) -> None:
        with (folder / "events.jsonl").open("w") as file:
            for number, e in enumerate(world.events):
                told = {
                    "event": "purchase" if e.rating > 2 else "view",
                    "user": {"id": f"u{e.user}", "geo": {"country": "DE", "city": None}},
                    "item": {"sku": f"S{e.item}", "qty": 1},
                    "ts": e.at * 1000 + number % 1000,
                    "device": {"os": "ios"} if number % 3 else None,
                    "tags": [],
                }
                file.write(json.dumps(told) + "\n")
        with (folder / "items.jsonl").open("w") as file:
            for row, name in enumerate(world.names):
                price = {"amount": world.prices[row] / 100, "currency": "EUR"}
                told = {
                    "sku": f"S{row}",
                    "title": {"en": name},
                    "price": price,
                    "tags": [world.things[row], "new"][: 1 + row % 2],
                    "attributes": [{"name": "size", "value": name.split()[-1]}],
                }
                file.write(json.dumps(told) + "\n")

    return Pair(
        "nested lines of JSON",
        "objects in objects on both sides, milliseconds, some objects null, texts by language",
        write,
        ("events.jsonl", "items.jsonl"),
        Truth(
            good=liked(world, lambda u: f"u{u}", lambda i: f"S{i}"),
            names=names_of(world, "S{}"),
            slack=1,
            kinds=2,
        ),
        "u7",
    )


def _packed() -> Pair:
    world = shop(304)

    def write(folder: Path) -> None:
        lines = ["visitorid,itemid,event,timestamp"]
        kinds = {5: "transaction", 4: "addtocart"}
        lines += [
            f"{e.user},{e.item},{kinds.get(e.rating, 'view')},{e.at * 1000}" for e in world.events
        ]
        with gzip.open(folder / "events.csv.gz", "wt") as file:
            file.write("\n".join(lines) + "\n")
        told = "".join(
            json.dumps({"itemid": row, "title": name, "price": f"{world.prices[row] / 100:.2f}"})
            + "\n"
            for row, name in enumerate(world.names)
        )
        (folder / "items.jsonl.zst").write_bytes(zstandard.compress(told.encode()))

    return Pair(
        "packed files",
        "the log as CSV in gzip with milliseconds, the catalogue as lines of JSON in zstd",
        write,
        ("events.csv.gz", "items.jsonl.zst"),
        Truth(
            good=liked(world, str, str),
            names=names_of(world),
            kinds=3,
        ),
        "7",
    )


def _parts() -> Pair:
    world = shop(305)

    def write(folder: Path) -> None:
        days: dict[str, list[dict[str, object]]] = {}
        for e in world.events:
            at = datetime.fromtimestamp(e.at, UTC)
            row = {"userId": e.user * 1_000_003, "productId": f"p-{e.item}", "ts": at, "dwell": 3.5}
            days.setdefault(f"{at:%Y-%m}", []).append(row)
        for number, (day, rows) in enumerate(days.items()):
            part = folder / "clicks" / f"month={day}"
            part.mkdir(parents=True, exist_ok=True)
            unit: pl.DataType = pl.Datetime("ns" if number % 2 else "us", "UTC")
            frame = pl.DataFrame(rows).with_columns(pl.col("ts").cast(unit))
            frame.write_parquet(part / "part-00000.snappy.parquet")
            (part / "_SUCCESS").write_text("")
        goods = [
            {
                "productId": f"p-{row}",
                "title": name,
                "categories": ["shop", world.things[row]],
                "brand": {"name": name.split()[0], "since": 1900 + row % 90},
            }
            for row, name in enumerate(world.names)
        ]
        pl.DataFrame(goods).write_parquet(folder / "products.parquet")

    return Pair(
        "parquet in parts",
        "a folder for each month, ns in some and us in others, lists and structs in the catalogue",
        write,
        ("clicks", "products.parquet"),
        Truth(
            good=liked(world, lambda u: str(u * 1_000_003), lambda i: f"p-{i}"),
            names=names_of(world, "p-{}"),
            split=ORDERED,
        ),
        str(7 * 1_000_003),
    )


def _exported_frame() -> Pair:
    world = shop(306)

    def write(folder: Path) -> None:
        lines = [",user_id,item_id,liked,ts"]
        for number, e in enumerate(world.events):
            user = "" if number % 97 == 5 else f"{1e6 + e.user:.1f}"
            lines.append(f"{number},{user},{e.item + 1000}.0,{e.rating > 3},{e.at}.0")
        (folder / "interactions.csv").write_text("\n".join(lines) + "\n")
        lines = [",item_id,title,tags"]
        for row, name in enumerate(world.names):
            lines.append(f"{row},{row + 1000},{name},\"['{world.things[row]}', 'new']\"")
        (folder / "catalog.csv").write_text("\n".join(lines) + "\n")

    rows = [e for number, e in enumerate(world.events) if number % 97 != 5]
    names = names_of(world)
    return Pair(
        "frame written by pandas",
        "index column, ids as 1003.0, users missing, `True` and `False` for liked, 1709640185.0",
        write,
        ("interactions.csv", "catalog.csv"),
        Truth(
            good={(str(10**6 + e.user), str(1000 + e.item)): e.at for e in rows if e.rating > 3},
            not_good=frozenset(
                (str(10**6 + e.user), str(1000 + e.item)) for e in rows if e.rating < 4
            ),
            names={str(1000 + int(row)): name for row, name in names.items()},
            fold=lambda text: text.removesuffix(".0"),
        ),
        "1000007",
    )
