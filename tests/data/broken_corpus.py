"""Files that are broken in every way we could think of, made on the spot; nothing here is read from
elsewhere.

`build(folder)` writes them all; the tests of the checks and of the command line walk over what it
gives.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import random
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

LOG = "user_id,item_id,rating,timestamp\n"
ROWS = [f"u{i % 7},i{i % 11},{1 + i % 5},{1_000_000_000 + i}\n" for i in range(30)]
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + bytes(range(64))


@dataclass(frozen=True)
class Broken:
    """One broken file.

    Attributes:
        name: What is wrong with it.
        make: Writes it into an empty folder and gives the path to check.
        says: A piece of the message that must be there.
        row: The row of the fault, counted from 1, where there is one.
    """

    name: str
    make: Callable[[Path], Path]
    says: str
    row: int | None = None


def build(folder: Path) -> list[tuple[Broken, Path]]:
    """Write every broken file, each into a folder of its own below `folder`."""
    built = []
    for case in CASES:
        place = folder / case.name.replace(" ", "-")
        place.mkdir(parents=True)
        built.append((case, case.make(place)))
    return built


def _raw(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return make


def _text(name: str, content: str) -> Callable[[Path], Path]:
    return _raw(name, content.encode("utf-8", "surrogatepass"))


def _log(bad: str, at: int = 5) -> Callable[[Path], Path]:
    """A good log whose row `at` (from 1) is `bad`."""
    return _text("log.csv", LOG + "".join([*ROWS[: at - 1], bad, *ROWS[at:]]))


def _items(*rows: str) -> Callable[[Path], Path]:
    return _text("items.csv", "item_id,title,price\n" + "".join(f"{r}\n" for r in rows))


def _parquet(
    frame: pl.DataFrame, change: Callable[[bytes], bytes] = lambda b: b
) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        buffer = io.BytesIO()
        frame.write_parquet(buffer)
        path = folder / "log.parquet"
        path.write_bytes(change(buffer.getvalue()))
        return path

    return make


def _frame(**columns: object) -> pl.DataFrame:
    n = 200
    whole = {"user_id": [f"u{i % 9}" for i in range(n)], "item_id": [f"i{i % 7}" for i in range(n)]}
    return pl.DataFrame({**whole, "rating": [1.0 + i % 5 for i in range(n)], **columns})


def _jsonl(*lines: str) -> Callable[[Path], Path]:
    good = [
        json.dumps({"user_id": f"u{i % 5}", "item_id": f"i{i}", "rating": 3}) for i in range(10)
    ]
    return _text("log.jsonl", "\n".join([*good[:4], *lines, *good[4:]]) + "\n")


def _folder(**files: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        for name, content in files.items():
            (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
        return folder

    return make


def _zip(folder: Path) -> Path:
    path = folder / "log.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("log.csv", LOG + "".join(ROWS))
    return path


def _tar(folder: Path) -> Path:
    path = folder / "log.csv"
    with tarfile.open(path, "w") as archive:
        entry = tarfile.TarInfo("log.csv")
        entry.size = len(LOG)
        archive.addfile(entry, io.BytesIO(LOG.encode()))
    return path


def _sqlite(folder: Path) -> Path:
    path = folder / "log.csv"
    with sqlite3.connect(path) as base:
        base.execute("create table log (user_id, item_id)")
    base.close()
    return path


def _loop(folder: Path) -> Path:
    (folder / "a.csv").symlink_to(folder / "b.csv")
    (folder / "b.csv").symlink_to(folder / "a.csv")
    return folder / "a.csv"


def _dangling(folder: Path) -> Path:
    (folder / "log.csv").symlink_to(folder / "gone.csv")
    return folder / "log.csv"


def _near_name(folder: Path) -> Path:
    (folder / "interactions.csv").write_text(LOG + ROWS[0], encoding="utf-8")
    return folder / "interctions.csv"


def _directory(folder: Path) -> Path:
    (folder / "ratings.csv").mkdir()
    return folder / "ratings.csv"


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "log.csv")
    return folder / "log.csv"


def _forbidden(folder: Path) -> Path:
    path = folder / "log.csv"
    path.write_text(LOG + ROWS[0], encoding="utf-8")
    path.chmod(0)
    return path


def _bomb(folder: Path) -> Path:
    path = folder / "log.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        for _ in range(24):
            file.write(bytes(1 << 20))
    return path


def _movielens(folder: Path) -> Path:
    (folder / "u.data").write_text("1\t1\t5\t881250949\n2\t1\t3\n", encoding="utf-8")
    (folder / "u.item").write_text("1|Toy (1995)|||" + "|0" * 20 + "\n", encoding="utf-8")
    return folder


def _deep(depth: int) -> str:
    return '{"user_id": ' + "[" * depth + "]" * depth + ', "item_id": "a"}'


_GZ = gzip.compress((LOG + "".join(ROWS)).encode() * 50)
_BAD_CRC = _GZ[:-8] + bytes(8)
_NOISE = random.Random(1).randbytes(5000)
_UTF16 = (LOG + "".join(ROWS)).encode("utf-16-le")


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 3
    return (
        content[:middle]
        + bytes(b ^ 0xFF for b in content[middle : middle + 40])
        + content[middle + 40 :]
    )


CASES: tuple[Broken, ...] = (
    # nothing there
    Broken("empty file", _raw("log.csv", b""), "empty"),
    Broken("only blanks", _raw("log.csv", b"  \n\n \t\n"), "empty"),
    Broken("only a byte-order mark", _raw("log.csv", b"\xef\xbb\xbf"), "empty"),
    Broken("header only", _text("log.csv", LOG), "no row"),
    Broken("header and blank lines", _text("log.csv", LOG + "\n\n\n"), "no row"),
    Broken("header only in quotes", _text("log.csv", '"user_id","item_id"\n'), "no row"),
    # encodings
    Broken("NUL byte in a row", _log("u1,i\0b,3,1000000000\n", 2), "NUL", 2),
    Broken("NULs at the end", _raw("log.csv", (LOG + ROWS[0]).encode() + bytes(512)), "NUL", 2),
    Broken("UTF-16 without mark", _raw("log.csv", _UTF16), "utf_16_le"),
    Broken("UTF-16 cut in the middle", _raw("log.csv", b"\xff\xfe" + _UTF16[:-1]), "utf-16"),
    Broken(
        "UTF-16 with half a character",
        _raw("log.csv", b"\xff\xfe" + _UTF16[:80] + b"\x00\xd8" + _UTF16[80:]),
        "utf-16",
    ),
    Broken(
        "latin-1",
        _raw("log.csv", (LOG + ROWS[0] + "José,i1,3,1000000000\n").encode("latin-1")),
        "cp1252",
    ),
    Broken(
        "windows quotes",
        _raw("log.csv", (LOG + "“u”,i1,3,1000000000\n").encode("cp1252")),
        "cp1252",
    ),
    Broken(
        "UTF-8 cut in a character",
        _raw("log.csv", (LOG + ROWS[0] + "José").encode()[:-1]),
        "utf-8",
        2,
    ),
    Broken("overlong UTF-8", _raw("log.csv", LOG.encode() + b"u\xc0\xaf,i1,3,1\n"), "utf-8", 1),
    # rows and quotes
    Broken("row with a field too many", _log("u1,i1,3,1000000000,oops\n"), "5 fields", 5),
    Broken("row with a field too few", _log("u1,i1\n"), "2 fields", 5),
    Broken("ragged row among quotes", _log('"u1","i1",3\n'), "3 fields", 5),
    Broken(
        "quote never closed at the end",
        _text("log.csv", LOG + "".join(ROWS[:4]) + '"u1,i1,3,1\n'),
        "quote",
        5,
    ),
    Broken("quote never closed in the middle", _log('"u1,i1,3,1000000000\n'), "quote", 5),
    Broken("quote closed too early", _log('"u"1,i1,3,1000000000\n'), "quote", 5),
    Broken("backslash before a quote", _log('"u\\"1",i1,3,1000000000\n'), "quote", 5),
    Broken(
        "unclosed quote over 200 KB", _text("log.csv", LOG + '"' + "x,y\n" * 60_000), "quote", 1
    ),
    # columns
    Broken(
        "two columns of one name", _text("log.csv", "user_id,item_id,item_id\nu,a,b\n"), "same name"
    ),
    Broken(
        "two columns of one name in quotes",
        _text("log.csv", '"user_id","item_id","user_id"\nu,a,b\n'),
        "same name",
    ),
    Broken("one column", _text("log.csv", "user_id\nu1\nu2\n"), "separator"),
    Broken(
        "100000 columns",
        _text("log.csv", ",".join(f"c{i}" for i in range(100_000)) + "\n" + "1," * 99_999 + "1\n"),
        "100,000",
    ),
    Broken(
        "no column of ids",
        _text("log.csv", "colour,shape,size\nred,round,3\nblue,square,4\n"),
        "colour",
    ),
    Broken(
        "several item columns",
        _text("log.csv", "user_id,book_id,movie_id,rating\n1,2,3,4\n2,3,4,5\n"),
        "several columns",
    ),
    Broken(
        "a log without items",
        _text("log.csv", "user_id,rating,timestamp\n" + "u1,3,1000000000\n" * 5),
        "item",
    ),
    Broken("one line of 10 MB", _text("log.csv", "x" * 10_000_000), "separator"),
    Broken("a field of 10 MB", _log("u" * 10_000_000 + ",i1,3,1000000000\n"), "longer than"),
    Broken("binary noise", _raw("log.csv", _NOISE), "byte"),
    # values
    Broken("rating NaN", _log("u1,i1,NaN,1000000000\n"), "NaN", 5),
    Broken("rating infinite", _log("u1,i1,inf,1000000000\n"), "infinite", 5),
    Broken("rating minus infinite", _log("u1,i1,-Infinity,1000000000\n"), "infinite", 5),
    Broken("rating too large for a number", _log("u1,i1,1e400,1000000000\n"), "infinite", 5),
    Broken("rating in words", _log("u1,i1,good,1000000000\n"), "no number", 5),
    Broken("rating missing", _log("u1,i1,,1000000000\n"), "missing", 5),
    Broken(
        "comma without a number",
        _text("log.csv", "user_id;item_id;rating\nu1;i1;3,x\nu2;i2;4,0\n"),
        "no number",
        1,
    ),
    Broken("price infinite", _items("a,Ant,1.5", "b,Bee,1e999", "c,Cat,2"), "infinite", 2),
    # times
    Broken(
        "year 0",
        _text("log.csv", "user_id,item_id,date\nu,a,0000-01-01\nu,b,2020-01-02\nv,a,2020-01-03\n"),
        "1975",
        1,
    ),
    Broken(
        "year 9999",
        _text("log.csv", "user_id,item_id,date\nu,a,2020-01-01\nu,b,9999-12-31\nv,a,2020-01-03\n"),
        "2100",
        2,
    ),
    Broken("year 9999 in seconds", _log("u1,i1,3,253402300799\n"), "2100", 5),
    Broken("time negative", _log("u1,i1,3,-62167219200\n"), "1975", 5),
    Broken("time zero", _log("u1,i1,3,0\n"), "1975", 5),
    Broken("seconds and milliseconds", _log("u1,i1,3,1000000004000\n"), "mixed", 5),
    Broken("time in words", _log("u1,i1,3,yesterday\n"), "no time", 5),
    Broken("time missing", _log("u1,i1,3,\n"), "no time", 5),
    Broken("time NaN", _log("u1,i1,3,NaN\n"), "no time", 5),
    Broken("time beyond all numbers", _log("u1,i1,3,1e308\n"), "no time", 5),
    Broken(
        "rank negative",
        _text("log.csv", "user_id,item_id,position\nu,a,0\nu,b,-1\nv,a,1\n"),
        "negative",
        2,
    ),
    Broken(
        "day or month",
        _text("log.csv", "user_id,item_id,date\nu,a,03/04/2020\nu,b,05/06/2020\n"),
        "month/day",
    ),
    Broken(
        "impossible date",
        _text("log.csv", "user_id,item_id,date\nu,a,2020-02-30\nu,b,2020-01-02\nv,a,2020-01-03\n"),
        "no time",
        1,
    ),
    # ids
    Broken("user missing", _log(",i1,3,1000000000\n"), "no id", 5),
    Broken("item missing", _log("u1,,3,1000000000\n"), "no id", 5),
    Broken("user only blanks", _log('"  ",i1,3,1000000000\n'), "no id", 5),
    Broken("all users missing", _text("log.csv", "user_id,item_id\n,a\n,b\n"), "no id", 1),
    Broken("item id twice", _items("a,Ant,1", "b,Bee,2", "a,Ant again,3"), "repeat", 3),
    Broken("item id missing", _items("a,Ant,1", ",Bee,2"), "no id", 2),
    Broken("user id twice", _text("users.csv", "user_id,age\n1,20\n2,30\n1,40\n"), "repeat", 3),
    # other kinds of files
    Broken("a directory in place of a file", _directory, "folder"),
    Broken("gzip pretending to be Parquet", _raw("log.parquet", _GZ), "gzip"),
    Broken("CSV pretending to be Parquet", _text("log.parquet", LOG + ROWS[0]), "Parquet"),
    Broken("gzip cut off", _raw("log.csv.gz", _GZ[: len(_GZ) // 2]), "cut off"),
    Broken("gzip with a wrong checksum", _raw("log.csv.gz", _BAD_CRC), "damaged gzip"),
    Broken("gzip that unpacks to nothing but NULs", _bomb, "times its size"),
    Broken("gzip of a picture", _raw("log.csv.gz", gzip.compress(PNG)), "PNG"),
    Broken("zip", _zip, "zip"),
    Broken("tar", _tar, "tar"),
    Broken("PNG named csv", _raw("log.csv", PNG), "PNG"),
    Broken("JPEG named json", _raw("log.json", b"\xff\xd8\xff\xe0" + _NOISE), "JPEG"),
    Broken("PDF", _raw("log.csv", b"%PDF-1.7\n" + _NOISE), "PDF"),
    Broken("pickle", _raw("log.csv", pickle.dumps({"user_id": [1]}, protocol=4)), "pickle"),
    Broken("SQLite database", _sqlite, "SQLite"),
    Broken(
        "error page",
        _text("log.csv", "<!DOCTYPE html>\n<html><body>404, not found</body></html>\n"),
        "web page",
    ),
    Broken("near name", _near_name, 'did you mean "interactions.csv"'),
    Broken("nothing like it", lambda folder: folder / "zzz.csv", "no such file"),
    Broken("name too long", lambda folder: folder / ("x" * 400), "cannot be read"),
    Broken("name with NUL", lambda folder: folder / "a\0b.csv", "cannot be read"),
    Broken("loop of links", _loop, "loop"),
    Broken("link to nothing", _dangling, "does not exist"),
    Broken("pipe", _fifo, "not a plain file"),
    Broken("unreadable", _forbidden, "may not be read"),
    # Parquet
    Broken("Parquet cut off", _parquet(_frame(), lambda b: b[: len(b) // 2]), "Parquet"),
    Broken("Parquet without its head", _parquet(_frame(), lambda b: b[4:]), "Parquet"),
    Broken("Parquet with flipped bytes", _parquet(_frame(), _flipped), "Parquet"),
    Broken("Parquet of eight bytes", _raw("log.parquet", b"PAR1PAR1"), "Parquet"),
    Broken("Parquet without rows", _parquet(_frame().clear()), "no row"),
    Broken("Parquet with lists as ids", _parquet(_frame(item_id=[["a", "b"]] * 200)), "List"),
    Broken(
        "Parquet with objects as ids",
        _parquet(_frame(item_id=[{f"k{n}": i for n in range(20)} for i in range(200)])),
        "objects",
    ),
    Broken(
        "Parquet with fractions as ids",
        _parquet(_frame(item_id=[i + 0.5 for i in range(200)])),
        "is no id",
        1,
    ),
    Broken(
        "Parquet with NaN",
        _parquet(_frame(rating=[1.0] * 9 + [float("nan")] + [2.0] * 190)),
        "NaN",
        10,
    ),
    Broken(
        "Parquet with missing users", _parquet(_frame(user_id=[None, *["u"] * 199])), "no id", 1
    ),
    Broken(
        "Parquet with 10050 columns",
        _parquet(pl.DataFrame({f"c{i}": [1] for i in range(10_050)})),
        "10,050",
    ),
    Broken(
        "Parquet that claims too much",
        _parquet(pl.select(pl.repeat(1, 20_000_000, dtype=pl.Int8).alias("user_id"))),
        "far too many",
    ),
    # JSON
    Broken("broken JSON line", _jsonl('{"user_id": "u1", "item_id": '), "broken JSON", 5),
    Broken("array in a line", _jsonl('["u1", "i1"]'), "array", 5),
    Broken("number in a line", _jsonl("42"), "number", 5),
    Broken("null in a line", _jsonl("null"), "null", 5),
    Broken("two objects in a line", _jsonl('{"user_id": "a"} {"user_id": "b"}'), "broken JSON", 5),
    Broken("key twice", _jsonl('{"user_id": "a", "item_id": "b", "user_id": "c"}'), "twice", 5),
    Broken("nested 100000 deep", _jsonl(_deep(100_000)), "too deep", 5),
    Broken(
        "array nested 100000 deep", _text("log.json", "[" * 100_000 + "]" * 100_000), "too deep"
    ),
    Broken("lone surrogate", _jsonl('{"user_id": "u\\ud800", "item_id": "b"}'), "surrogate", 5),
    Broken("lone surrogate in bytes", _jsonl('{"user_id": "u\ud800", "item_id": "b"}'), "utf-8", 5),
    Broken(
        "number of 5000 digits",
        _jsonl('{"user_id": ' + "9" * 5000 + ', "item_id": "b"}'),
        "broken JSON",
        5,
    ),
    Broken("JSON rating NaN", _jsonl('{"user_id": "u", "item_id": "b", "rating": NaN}'), "NaN", 5),
    Broken(
        "JSON rating infinite",
        _jsonl('{"user_id": "u", "item_id": "b", "rating": -Infinity}'),
        "infinite",
        5,
    ),
    Broken(
        "JSON objects as ids",
        _jsonl(*(f'{{"user_id": {{"k{n}": 1}}, "item_id": "b"}}' for n in range(3))),
        "objects",
    ),
    Broken(
        "JSON line of 10 MB",
        _jsonl('{"user_id": "' + "x" * 10_000_000 + '", "item_id": "b", "rating": 3}'),
        "longer than",
        5,
    ),
    Broken(
        "JSON with 10050 keys",
        _text("log.jsonl", json.dumps({f"k{i}": 1 for i in range(10_050)}) + "\n"),
        "10,050",
    ),
    Broken(
        "JSON array cut off",
        _text("log.json", '[{"user_id": 1, "item_id": 2}, {"user_id"'),
        "broken JSON",
    ),
    Broken("JSON array of numbers", _text("log.json", "[1, 2, 3]"), "number", 1),
    Broken("JSON array of nothing", _text("log.json", "[]"), "no object"),
    Broken(
        "JSON over many lines",
        _text("log.json", '{\n "user_id": 1,\n "item_id": 2\n}\n'),
        "broken JSON",
        1,
    ),
    Broken(
        "Python instead of JSON", _text("log.jsonl", "{'user_id': 1, 'item_id': 2}\n"), "Python"
    ),
    # atomic files
    Broken("atomic header without types", _text("x.inter", "user_id\titem_id\nu\ta\n"), "no type"),
    Broken(
        "atomic header of unknown type",
        _text("x.inter", "user_id:token\titem_id:tokne\nu\ta\n"),
        "token",
    ),
    Broken(
        "atomic column twice",
        _text("x.inter", "user_id:token\titem_id:token\titem_id:float\nu\ta\t1\n"),
        "same name",
    ),
    Broken(
        "atomic rating in words",
        _text("x.inter", "user_id:token\titem_id:token\trating:float\nu\ta\t1\nu\tb\tx\n"),
        "no number",
        2,
    ),
    Broken(
        "atomic vector in words",
        _text("x.item", "item_id:token\tv:float_seq\na\t1 2\nb\t1 x\n"),
        "list of numbers",
        2,
    ),
    Broken(
        "atomic ragged", _text("x.inter", "user_id:token\titem_id:token\nu\ta\nu\n"), "1 field", 2
    ),
    Broken("atomic header only", _text("x.inter", "user_id:token\titem_id:token\n"), "no row"),
    # folders
    Broken("empty folder", lambda folder: folder, "folder without any table"),
    Broken(
        "folder with two logs", _folder(a__csv=LOG + ROWS[0], b__csv=LOG + ROWS[1]), "several files"
    ),
    Broken(
        "folder with a catalogue alone",
        _folder(x__csv="item_id,title\na,Ant\n"),
        "no file can be the log",
    ),
    Broken(
        "folder without common ids",
        _folder(log__csv=LOG + "".join(ROWS), x__csv="item_id,title\n1,A\n2,B\n"),
        "none of them",
    ),
    Broken("folder of MovieLens with a torn row", _movielens, "3 fields", 2),
)
