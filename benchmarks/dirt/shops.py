"""Exports of shop systems: orders with lines, refunds, guests, rows of images."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from dirt.pair import Pair, Truth, delimited, liked
from dirt.shop import orders_of, shop

BERLIN = timezone(timedelta(hours=1))


def pairs() -> list[Pair]:
    """Four pairs."""
    return [_shopify(), _woocommerce(), _retail(), _amazon()]


def _shopify() -> Pair:
    world = shop(401)
    orders = orders_of(world)

    def write(folder: Path) -> None:
        head = "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Total"
        head += ",Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Created at,Notes"
        rows: list[list[object]] = [list(head.split(","))]
        for number, order in enumerate(orders, 1001):
            when = f"{datetime.fromtimestamp(order[0].at, BERLIN):%Y-%m-%d %H:%M:%S} +0100"
            total = sum(world.prices[e.item] for e in order) / 100
            for line, e in enumerate(order):
                first: list[object] = [f"#{number}", f"c{e.user}@example.com"]
                rest: list[object] = ["paid", when, "fulfilled", "EUR", total, total]
                if line:
                    rest = [None] * 6
                lines = [1 + e.user % 3, world.names[e.item], world.prices[e.item] / 100]
                rows.append([*first, *rest, *lines, f"SKU-{e.item}", when, None])
        (folder / "orders_export.csv").write_text(delimited(rows))
        head = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value"
        head += ",Variant SKU,Variant Price,Image Src,Image Position"
        rows = [list(head.split(","))]
        for row, name in enumerate(world.names):
            handle = name.lower().replace(" ", "-")
            body = f"<p>The <strong>{name}</strong> &amp; its box.</p><script>x=1</script>"
            tags = f"{world.things[row]}, shop"
            cells = [handle, name, body, name.split()[0], world.things[row], tags, "true", "Title"]
            image = f"https://cdn.example.com/{handle}.jpg"
            rows.append([*cells, "Default", f"SKU-{row}", world.prices[row] / 100, image, 1])
            if row % 3 == 0:
                rows.append([handle, *[None] * 10, image.replace(".jpg", "-2.jpg"), 2])
        (folder / "products_export.csv").write_text(delimited(rows))

    good = {
        (f"c{e.user}@example.com", f"SKU-{e.item}"): order[0].at for order in orders for e in order
    }
    return Pair(
        "shopify exports",
        "lines of orders, HTML, images in rows without SKU, `Created at` with a zone",
        write,
        ("orders_export.csv", "products_export.csv"),
        Truth(
            good=good,
            names={f"SKU-{row}": name for row, name in enumerate(world.names)},
            recipe={"clean.strip_html": (True,)},
        ),
        "c7@example.com",
    )


def _woocommerce() -> Pair:
    world = shop(402)
    orders = orders_of(world)
    back = {(e.user, e.item) for order in orders for e in order if (e.user + e.item) % 9 == 0}

    def write(folder: Path) -> None:
        head = "order_id,order_date,order_status,customer_id,product_id,product_name,quantity"
        rows: list[list[object]] = [[*head.split(","), "line_total"]]
        returned: list[list[object]] = []
        for number, order in enumerate(orders, 5000):
            when = f"{datetime.fromtimestamp(order[0].at, UTC):%Y-%m-%d %H:%M:%S}"
            guest = number % 12 == 0
            for e in order:
                who = 0 if guest else e.user + 1
                what = [who, 20_000 + e.item, world.names[e.item]]
                price = world.prices[e.item] / 100
                rows.append([number, when, "wc-completed", *what, 1, f"£{price:,.2f}"])
                if (e.user, e.item) in back and not guest:
                    later = f"{datetime.fromtimestamp(e.at + 9 * 86_400, UTC):%Y-%m-%d %H:%M:%S}"
                    refund = [number + 900_000, later, "wc-refunded", *what, -1, f"-£{price:,.2f}"]
                    returned.append(refund)
        (folder / "order-items.csv").write_text(delimited([*rows, *returned]))
        head = "ID,Type,SKU,Name,Published,Short description,Description,Regular price,Categories"
        rows = [[*head.split(","), "Images"]]
        for row, name in enumerate(world.names):
            thing = world.things[row].title()
            told = f"<ul><li>{name}</li><li>Don&#8217;t miss it</li></ul>"
            kind = f"Home > {thing}, Gifts"
            image = f"https://shop.example.com/{row}.jpg, https://shop.example.com/{row}-2.jpg"
            price = f"{world.prices[row] / 100:.2f}"
            rows.append([20_000 + row, "simple", "", name, 1, told, told, price, kind, image])
        (folder / "wc-product-export.csv").write_text(delimited(rows))

    sold = [
        (order[0].at, e)
        for number, order in enumerate(orders, 5000)
        for e in order
        if number % 12 and (e.user, e.item) not in back
    ]
    return Pair(
        "woocommerce exports",
        "refunds as lines with quantity -1, a guest with id 0, HTML, prices with `£`, paths",
        write,
        ("order-items.csv", "wc-product-export.csv"),
        Truth(
            good={(str(e.user + 1), str(20_000 + e.item)): at for at, e in sold},
            most=len(world.events),
            names={str(20_000 + row): name for row, name in enumerate(world.names)},
            recipe={"clean.strip_html": (True,)},
        ),
        "8",
    )


def _retail() -> Pair:
    world = shop(403)
    orders = orders_of(world)

    def write(folder: Path) -> None:
        head = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
        rows: list[list[object]] = [list(head.split(","))]
        for number, order in enumerate(orders, 536_365):
            for e in order:
                at = datetime.fromtimestamp(order[0].at, UTC)
                who = f"{17_000 + e.user}.0" if number % 8 else None
                price = world.prices[e.item] / 100
                when = f"{at.month}/{at.day}/{at.year} {at.hour}:{at:%M}"
                code = f"{10_000 + e.item}{'ABC'[e.item % 3]}"
                cells = [code, world.names[e.item].upper(), 6 + e.user % 7, when, price, who]
                rows.append([number, *cells, "United Kingdom"])
                if number % 11 == 0:
                    cells[2] = -(6 + e.user % 7)
                    rows.append([f"C{number}", *cells, "United Kingdom"])
            if number % 40 == 0:
                cells = ["POST", "POSTAGE", 1, when, 18, who]
                rows.append([number, *cells, "France"])
        (folder / "online-retail.csv").write_bytes(delimited(rows).encode("latin-1"))

    sold = [
        (order[0].at, e)
        for number, order in enumerate(orders, 536_365)
        for e in order
        if number % 8 and number % 11
    ]
    code = {e.item: f"{10_000 + e.item}{'ABC'[e.item % 3]}" for e in world.events}
    return Pair(
        "invoices in one file",
        "cancelled invoices with negative quantities, an eighth without customer, 17850.0, postage",
        write,
        ("online-retail.csv",),
        Truth(
            good={(str(17_000 + e.user), code[e.item]): at for at, e in sold},
            # postage has no more than one row in 40 invoices
            most=sum(len(order) for number, order in enumerate(orders, 536_365) if number % 8)
            + len(orders) // 40,
            slack=60,
            fold=lambda text: text.removesuffix(".0"),
        ),
        "17007",
    )


def _amazon() -> Pair:
    world = shop(404)

    def write(folder: Path) -> None:
        head = "rating title text images asin parent_asin user_id timestamp helpful_vote"
        rows: list[list[object]] = [[*head.split(), "verified_purchase"]]
        for e in world.events:
            said = f'"Nice"\nI like the {world.names[e.item]},\nreally; 5" long' * (1 + e.user % 2)
            ids = [f"B{e.item:09}", f"B{e.item:09}", f"A{e.user:013X}"]
            rows.append(
                [f"{e.rating}.0", f"{e.rating} stars", said, "[]", *ids, e.at * 1000, 0, True]
            )
        (folder / "reviews.csv").write_text(delimited(rows))
        goods = [["parent_asin", "title", "features", "price", "store", "average_rating"]]
        goods += [
            [f"B{row:09}", name, f"['{name}', 'Gift']", "None", name.split()[0], "4.1"]
            for row, name in enumerate(world.names)
        ]
        (folder / "meta.csv").write_text(delimited(goods))

    user, item = "A{:013X}".format, "B{:09}".format
    return Pair(
        "reviews with line ends",
        "texts with line ends and quotes in the log, two columns of item ids, lists as text, ms",
        write,
        ("reviews.csv", "meta.csv"),
        Truth(
            good=liked(world, user, item, least=4),
            not_good=frozenset((user(e.user), item(e.item)) for e in world.events if e.rating < 3),
            names={item(row): name for row, name in enumerate(world.names)},
        ),
        user(7),
        knows={"clean.min_value": "4"},
    )
