"""Files that a spreadsheet had in its hands."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from xml.sax.saxutils import escape

from dirt.pair import Pair, Truth, delimited, disliked, liked, names_of
from dirt.shop import shop

BERLIN = timezone(timedelta(hours=1))


def _no_zeros(text: str) -> str:
    return text.lstrip("0") or "0"


def pairs() -> list[Pair]:
    """Seven pairs."""
    return [
        _workbook(),
        _titled(),
        _exponents(),
        _unicode_text(),
        _german(),
        _american(),
        _serial_days(),
    ]


def workbook(path: Path, rows: Sequence[Sequence[object]]) -> None:
    """The least that a spreadsheet opens: one sheet with numbers and texts."""

    def cell(value: object) -> str:
        if isinstance(value, int | float):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{escape(str(value))}</t></is></c>'

    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    lines = "".join("<row>" + "".join(map(cell, row)) + "</row>" for row in rows)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/><Override'
        f' PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1"'
        f' Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        '<sheet name="Sheet1" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{lines}</sheetData>'
        "</worksheet>",
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in parts.items():
            file.writestr(name, head + text)


def _workbook() -> Pair:
    world = shop(201)

    def log() -> list[list[object]]:
        rows: list[list[object]] = [["Customer No", "Article No", "Order date", "Qty"]]
        for e in world.events:
            when = f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%d %H:%M:%S}"
            rows.append([f"C{e.user:03}", e.item, when, 1])
        return rows

    def goods() -> list[list[object]]:
        rows: list[list[object]] = [["Article No", "Description", "Price"]]
        rows += [
            [f"{row:06}", name, world.prices[row] / 100] for row, name in enumerate(world.names)
        ]
        return rows

    def write(folder: Path) -> None:
        workbook(folder / "orders.xlsx", log())
        workbook(folder / "articles.xlsx", goods())

    def mend(folder: Path) -> None:
        (folder / "orders.csv").write_text(delimited(log()))
        (folder / "articles.csv").write_text(delimited(goods()))

    return Pair(
        "two workbooks",
        "xlsx; the log has numbers where the catalogue has texts with leading zeros",
        write,
        ("orders.xlsx", "articles.xlsx"),
        Truth(good=liked(world, lambda u: f"C{u:03}", str), names=names_of(world), fold=_no_zeros),
        "C007",
        mend=mend,
        asks=("csv", "CSV"),
    )


def _titled() -> Pair:
    world = shop(202, "de")

    def write(folder: Path) -> None:
        head = ["Kunde", "Artikel", "Datum", "Menge"]
        rows: list[list[object]] = [
            ["Umsatzbericht 2024", "", "", ""],
            ["erstellt am 31.12.2024", "", "", ""],
            ["", "", "", ""],
            head,
        ]
        for number, e in enumerate(world.events, 1):
            at = datetime.fromtimestamp(e.at, BERLIN)
            rows.append([f"K{e.user}", f"{e.item:05}", f"{at:%d.%m.%Y}", 1])
            if number % 500 == 0:
                rows += [["", "", "", ""], head]
        rows.append(["Gesamt", "", "", len(world.events)])
        (folder / "bericht.csv").write_bytes(delimited(rows, ";").encode("cp1252"))
        goods = [["Artikel", "Bezeichnung", "Preis"]] + [
            [f"{row:05}", name, f"{world.prices[row] / 100:.2f}".replace(".", ",")]
            for row, name in enumerate(world.names)
        ]
        (folder / "artikel.csv").write_bytes(delimited(goods, ";").encode("cp1252"))

    return Pair(
        "report with a title",
        "a title, its date and a blank line above the header, which comes again; a total",
        write,
        ("bericht.csv", "artikel.csv"),
        Truth(
            good=liked(world, lambda u: f"K{u}", lambda i: f"{i:05}"),
            names=names_of(world, "{:05}"),
            slack=2 * 86_400,
            multilingual=True,
        ),
        "K7",
        knows={"data.time_zone": "Europe/Berlin"},
    )


def _exponents() -> Pair:
    world = shop(203)
    code = 4_006_381_000_000

    def goods(folder: Path) -> None:
        rows = [["ean", "name", "price"]] + [
            [str(code + 7 * row), name, f"{world.prices[row] / 100:.2f}"]
            for row, name in enumerate(world.names)
        ]
        (folder / "products.csv").write_text(delimited(rows))

    def log(folder: Path, written: str) -> None:
        rows: list[list[object]] = [["customer_id", "ean", "ordered_at"]]
        for e in world.events:
            when = f"{datetime.fromtimestamp(e.at, UTC):%Y-%m-%d %H:%M:%S}"
            rows.append([f"c{e.user}", format(code + 7 * e.item, written), when])
        (folder / "sales.csv").write_text(delimited(rows))

    def write(folder: Path) -> None:
        goods(folder)
        log(folder, ".5E")

    return Pair(
        "codes as exponents",
        "every EAN of the log is 4.00638E+12: nothing but a new export helps",
        write,
        ("sales.csv", "products.csv"),
        Truth(
            good=liked(world, lambda u: f"c{u}", lambda i: str(code + 7 * i)),
            names={str(code + 7 * row): name for row, name in enumerate(world.names)},
        ),
        "c7",
        mend=lambda folder: log(folder, "d"),
        asks=("xponent", "E+"),
    )


def _unicode_text() -> Pair:
    world = shop(204, "fr")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["Client", "Produit", "Note", "Horodatage"]]
        for e in world.events:
            when = f"{datetime.fromtimestamp(e.at, UTC):%d/%m/%Y %H:%M:%S}"
            rows.append([f"client {e.user}", f"P{e.item}", f"{e.rating}/5", when])
        (folder / "notes.txt").write_bytes(delimited(rows, "\t").encode("utf-16"))
        goods = [["Produit", "Désignation", "Prix TTC"]] + [
            [f"P{row}", name, f"{world.prices[row] / 100:.2f} €".replace(".", ",")]
            for row, name in enumerate(world.names)
        ]
        (folder / "produits.txt").write_bytes(delimited(goods, "\t").encode("utf-16"))

    return Pair(
        "unicode text",
        "UTF-16 with tabs, French headers, ratings `4/5`, 05/03/2024, prices `12,50 €`",
        write,
        ("notes.txt", "produits.txt"),
        Truth(
            good=liked(world, lambda u: f"client {u}", lambda i: f"P{i}", least=4),
            not_good=disliked(world, lambda u: f"client {u}", lambda i: f"P{i}", most=2),
            names=names_of(world, "P{}"),
            multilingual=True,
        ),
        "client 7",
        knows={"clean.min_value": "4"},
    )


def _german() -> Pair:
    world = shop(205, "de")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["Kundennummer", "Artikelnummer", "Bewertung", "Zeitpunkt"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, BERLIN)
            stars = f"{e.rating - 0.5 * (e.user % 2):.1f}".replace(".", ",")
            rows.append([e.user, f"A-{e.item}", stars, f"{at:%d.%m.%Y %H:%M:%S}"])
        (folder / "bewertungen.csv").write_bytes(delimited(rows, ";").encode("latin-1"))
        goods = [["Artikelnummer", "Bezeichnung", "Preis", "Gewicht (kg)"]] + [
            [f"A-{row}", name, _german_price(world.prices[row]), f"{row % 9},5"]
            for row, name in enumerate(world.names)
        ]
        (folder / "artikel.csv").write_bytes(delimited(goods, ";").encode("latin-1", "replace"))

    return Pair(
        "german ratings",
        "Latin-1, `;`, ratings `4,5`, 05.03.2024 14:03:00, prices `1.299,00 EUR`",
        write,
        ("bewertungen.csv", "artikel.csv"),
        Truth(
            good=liked(
                world,
                str,
                lambda i: f"A-{i}",
                least=4,
                keep=lambda e: e.rating - e.user % 2 / 2 >= 4,
            ),
            not_good=disliked(world, str, lambda i: f"A-{i}", most=2),
            names=names_of(world, "A-{}"),
            slack=14 * 3600,
            multilingual=True,
        ),
        "7",
        knows={"data.time_zone": "Europe/Berlin", "clean.min_value": "4"},
    )


def _german_price(cents: int) -> str:
    english = f"{cents / 100:,.2f}"
    return english.translate(str.maketrans(",.", ".,")) + " EUR"


def _american() -> Pair:
    world = shop(206)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["Member", "SKU", "Purchased On", "Units"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, UTC)
            when = f"{at.month}/{at.day}/{at.year} {at.hour % 12 or 12}:{at:%M %p}"
            rows.append([f" member-{e.user}", f"AB-{e.item}" + " " * (e.user % 2), when, 1])
        (folder / "purchases.csv").write_text(delimited(rows, quote_all=True).replace("\n", "\r\n"))
        goods = [["SKU", "Product Title", "List Price"]] + [
            [f"ab-{row}", name, f"${world.prices[row] / 100:,.2f}"]
            for row, name in enumerate(world.names)
        ]
        (folder / "products.csv").write_text(delimited(goods, quote_all=True))

    return Pair(
        "american purchases",
        "3/25/2024 2:03 PM, all quoted, blanks around ids, `AB-12` beside `ab-12`",
        write,
        ("purchases.csv", "products.csv"),
        Truth(
            good=liked(world, lambda u: f"member-{u}", lambda i: f"ab-{i}"),
            names=names_of(world, "ab-{}"),
            slack=60,
            fold=lambda text: text.strip().lower(),
        ),
        "member-7",
    )


def _serial_days() -> Pair:
    world = shop(207)

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["", "client", "item code", "date sold"]]
        for number, e in enumerate(world.events):
            rows.append([number, f"cl{e.user}", f"i{e.item}", round(25_569 + e.at / 86_400, 6)])
        rows += [["", "", "", ""]] * 40
        (folder / "sold.csv").write_text(delimited(rows))
        goods = [["item code", "title", "Unnamed: 2"]] + [
            [f"i{row}", name, ""] for row, name in enumerate(world.names)
        ]
        (folder / "goods.csv").write_text(delimited(goods))

    return Pair(
        "days of a spreadsheet",
        "times as 45356.58, a column of row numbers without a name, 40 empty rows at the end",
        write,
        ("sold.csv", "goods.csv"),
        Truth(
            good=liked(world, lambda u: f"cl{u}", lambda i: f"i{i}"),
            names=names_of(world, "i{}"),
            slack=1,
        ),
        "cl7",
    )
