"""Logs of services: sessions, impressions, thumbs, zones; catalogues with the same id twice."""

from __future__ import annotations

import zlib
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from dirt.pair import LAST, ORDERED, Pair, Truth, delimited, disliked, liked, names_of
from dirt.shop import shop


def pairs() -> list[Pair]:
    """Nine pairs."""
    return [
        _mojibake(),
        _zones(),
        _thumbs(),
        _sessions(),
        _impressions(),
        _twice(),
        _pictures(),
        _commented(),
        _wide_log(),
    ]


def _mojibake() -> Pair:
    world = shop(501, "fr")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["user", "movie", "unix"]]
        rows += [[f"u{e.user}", f"m{e.item}", e.at] for e in world.events]
        (folder / "plays.csv").write_text(delimited(rows))
        goods: list[list[object]] = [["movie", "titre", "résumé"]]
        for row, name in enumerate(world.names):
            told = f"L&rsquo;objet&nbsp;: {name} &mdash; {world.things[row]}"
            broken = [text.encode().decode("cp1252", "replace") for text in (name, told)]
            goods.append(
                [f"m{row}", *(broken if "\ufffd" not in "".join(broken) else (name, told))]
            )
        (folder / "films.csv").write_text(delimited(goods), encoding="utf-8")

    return Pair(
        "mojibake",
        "French texts that were decoded wrongly once, with entities as well; seconds since 1970",
        write,
        ("plays.csv", "films.csv"),
        Truth(
            good=liked(world, lambda u: f"u{u}", lambda i: f"m{i}"),
            names=names_of(world, "m{}"),
            multilingual=True,
            recipe={"clean.repair_text": (True,), "clean.strip_html": (True,)},
        ),
        "u7",
    )


def _zones() -> Pair:
    world = shop(502)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["account_id", "asset_id", "played_at"]]
        for number, e in enumerate(world.events):
            at = datetime.fromtimestamp(
                e.at, timezone(timedelta(hours=(9, -5, 0, 5.5)[number % 4]))
            )
            when = at.isoformat().replace("+00:00", "Z")
            rows.append([f"acc{e.user}", f"as{e.item}", when])
        (folder / "plays.csv").write_text(delimited(rows))
        goods = [["asset_id", "title"]] + [
            [f"as{row}", name] for row, name in enumerate(world.names)
        ]
        (folder / "assets.csv").write_text(delimited(goods))

    return Pair(
        "mixed zones",
        "2024-03-05T14:03:00+09:00 beside -05:00, +05:30 and Z in one column",
        write,
        ("plays.csv", "assets.csv"),
        Truth(
            good=liked(world, lambda u: f"acc{u}", lambda i: f"as{i}"),
            names=names_of(world, "as{}"),
        ),
        "acc7",
    )


def _thumbs() -> Pair:
    world = shop(503)
    value = {5: 1, 4: 1, 3: 0, 2: -1, 1: -1}

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["uid", "vid", "feedback", "time_ms"]]
        for e in world.events:
            rows.append([f"{e.user:x}", f"v{e.item}", value[e.rating], e.at * 1000 + 123])
        (folder / "feedback.csv").write_text(delimited(rows))
        goods = [["vid", "caption", "hashtags"]] + [
            [f"v{row}", name, f"#{world.things[row].replace(' ', '')} #shop"]
            for row, name in enumerate(world.names)
        ]
        (folder / "videos.csv").write_text(delimited(goods))

    return Pair(
        "thumbs",
        "feedback is 1, 0 or -1: what is disliked or was skipped must not count as liked",
        write,
        ("feedback.csv", "videos.csv"),
        Truth(
            good=liked(world, "{:x}".format, lambda i: f"v{i}", least=4),
            not_good=disliked(world, "{:x}".format, lambda i: f"v{i}", most=2),
            names=names_of(world, "v{}"),
            slack=1,
        ),
        "7",
    )


def _sessions() -> Pair:
    world = shop(504)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["session_id", "hit_time", "page_item", "referrer"]]
        for e in world.events:
            name = f"{zlib.crc32(str(e.user).encode()):08x}.{e.user}"
            when = f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
            rows.append([name, when, f"it-{e.item}", "https://www.google.com/"])
        (folder / "hits.tsv").write_text(delimited(rows, "\t"))
        goods = [["item", "headline", "section"]] + [
            [f"it-{row}", name, world.things[row]] for row, name in enumerate(world.names)
        ]
        (folder / "pages.tsv").write_text(delimited(goods, "\t"))

    def name(user: int) -> str:
        return f"{zlib.crc32(str(user).encode()):08x}.{user}"

    return Pair(
        "sessions without users",
        "no user at all: the session stands for one; `page_item` meets `item` of the catalogue",
        write,
        ("hits.tsv", "pages.tsv"),
        Truth(
            good=liked(world, name, lambda i: f"it-{i}"),
            names=names_of(world, "it-{}"),
            split=(*ORDERED, "split.cold_users.v1"),
        ),
        name(7),
    )


def _impressions() -> Pair:
    world = shop(505)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["user_id", "item_id", "event_type", "event_time", "price"]]
        for number, e in enumerate(world.events):
            when = f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%d %H:%M:%S} UTC"
            for shown in range(2):
                other = (e.item + 7 + 13 * shown + number) % len(world.names)
                # what was shown and never chosen by this user
                other = other if (e.user, other) not in met else (e.item + 1) % len(world.names)
                if (e.user, other) not in met:
                    rows.append([e.user, other, "impression", when, 1])
            rows.append([e.user, e.item, "impression", when, world.prices[e.item] / 100])
            kind = "purchase" if e.rating == 5 else "cart" if e.rating == 4 else "click"
            rows.append([e.user, e.item, kind, when, world.prices[e.item] / 100])
        (folder / "events.csv").write_text(delimited(rows))
        goods = [["item_id", "name", "category_code"]] + [
            [str(row), name, f"home.{world.things[row].replace(' ', '_')}"]
            for row, name in enumerate(world.names)
        ]
        (folder / "items.csv").write_text(delimited(goods))

    met = {(e.user, e.item) for e in world.events}
    shown = frozenset(
        (str(u), str(i)) for u in range(world.n_users) for i in range(240) if (u, i) not in met
    )
    return Pair(
        "impressions",
        "impression, click, cart and purchase: what was only shown must not count as chosen",
        write,
        ("events.csv", "items.csv"),
        Truth(
            good=liked(world, str, str),
            not_good=shown,
            names=names_of(world),
            kinds=4,
        ),
        "7",
    )


def _twice() -> Pair:
    world = shop(506)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["CustomerId", "ProductId", "Date"]]
        rows += [
            [f"C{e.user}", f"{e.item}", f"{datetime.fromtimestamp(e.at, UTC):%d-%b-%Y}"]
            for e in world.events
        ]
        (folder / "sales.csv").write_text(delimited(rows))
        goods: list[list[object]] = [["ProductId", "ProductName", "Price", "Keywords"]]
        for row, name in enumerate(world.names):
            price = f"USD {world.prices[row] / 100:,.2f}"
            goods.append([row, name, price, f"{world.things[row]}|gift|home"])
            if row % 10 == 0:
                goods.append([row, name + " (old)", "call us", "old"])
        goods.append(["", "no id at all", "", ""])
        (folder / "products.csv").write_text(delimited(goods))

    return Pair(
        "ids twice in the catalogue",
        "one product in ten stands there twice, one has no id; 05-Mar-2024; prices `USD 1,299.00`",
        write,
        ("sales.csv", "products.csv"),
        Truth(
            good=liked(world, lambda u: f"C{u}", str),
            names=names_of(world),
            slack=86_400,
        ),
        "C7",
    )


def _pictures() -> Pair:
    world = shop(507, users=150)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["buyer", "item", "date"]]
        rows += [
            [f"b{e.user}", f"w{e.item}", f"{datetime.fromtimestamp(e.at, UTC):%Y%m%d%H%M%S}"]
            for e in world.events
        ]
        (folder / "likes.csv").write_text(delimited(rows))
        (folder / "img").mkdir(exist_ok=True)
        goods = [["item", "name", "image", "colours"]]
        for row, name in enumerate(world.names):
            if row % 20:
                _picture(folder / "img" / f"{row}.png", world.rng.integers(0, 256, 3).tolist())
            goods.append(
                [f"w{row}", name, f"img\\{row}.png" if row % 2 else f"img/{row}.png", "red; blue"]
            )
        (folder / "wares.csv").write_text(delimited(goods))

    return Pair(
        "paths of pictures",
        "20240305140300; paths with both slashes, one in twenty leads nowhere; lists in cells",
        write,
        ("likes.csv", "wares.csv"),
        Truth(
            good=liked(world, lambda u: f"b{u}", lambda i: f"w{i}"),
            names=names_of(world, "w{}"),
        ),
        "b7",
    )


def _picture(path: Path, colour: list[int]) -> None:
    """A PNG of 8 x 8 pixels in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data).to_bytes(4, "big")
        return len(data).to_bytes(4, "big") + kind + data + check

    size = (8).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    pixels = zlib.compress((b"\0" + bytes(colour) * 8) * 8)
    parts = chunk(b"IHDR", size) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + parts)


def _commented() -> Pair:
    world = shop(508)

    def write(folder: Path) -> None:
        lines = ["# exported by statsd 3.1 on host web-4", "# do not edit", "user|track|plays"]
        lines += [f"{e.user}|t{e.item}|{e.rating * 7}" for e in world.events]
        (folder / "plays.psv").write_text("\n".join(lines) + "\n")
        lines = ["track|artist|title"]
        lines += [f"t{row}|{name.split()[0]}|{name}" for row, name in enumerate(world.names)]
        (folder / "tracks.psv").write_text("\n".join(lines) + "\n")

    return Pair(
        "counts without times",
        "lines of comments above the header, `|` between fields, numbers of plays and no time",
        write,
        ("plays.psv", "tracks.psv"),
        Truth(
            good=dict.fromkeys(liked(world, str, lambda i: f"t{i}")),
            names=names_of(world, "t{}"),
            split=("split.ratio.v1", *LAST),
        ),
        "7",
    )


def _wide_log() -> Pair:
    world = shop(509)
    times = ("originalTimestamp", "sentAt")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [
            [
                *["event_id", "ip", "tenant", "anonymousId", "userId", "properties.product_id"],
                *times,
            ]
        ]
        for number, e in enumerate(world.events):
            at = datetime.fromtimestamp(e.at, UTC)
            ids = [f"ev{number}", f"10.0.0.{number % 250}", "acme", f"an-{number % 900}"]
            sent = at + timedelta(days=3 - number % 3)
            rows.append(
                [
                    *ids,
                    f"usr_{e.user}",
                    f"prd_{e.item}",
                    f"{at:%Y-%m-%dT%H:%M:%SZ}",
                    f"{sent:%Y-%m-%dT%H:%M:%SZ}",
                ]
            )
        (folder / "track.csv").write_text(delimited(rows))
        goods = [["product_id", "product_title", "tenant"]] + [
            [f"prd_{row}", name, "acme"] for row, name in enumerate(world.names)
        ]
        (folder / "catalogue.csv").write_text(delimited(goods))

    return Pair(
        "events of a tracker",
        "anonymous ids beside users, two times, the item called properties.product_id",
        write,
        ("track.csv", "catalogue.csv"),
        Truth(
            good=liked(world, lambda u: f"usr_{u}", lambda i: f"prd_{i}"),
            names=names_of(world, "prd_{}"),
        ),
        "usr_7",
        knows={"data.time_column": "originalTimestamp"},
    )
