# ruff: noqa: RUF001 - these are texts of many languages
"""Files from East Asia, the Arabic world and Russia: other headers, encodings, digits and dates."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

from dirt.pair import Pair, Truth, delimited, disliked, liked
from dirt.shop import shop

WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
CHINA = timezone(timedelta(hours=8))
MOSCOW = timezone(timedelta(hours=3))


def _wide(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _bare(text: str) -> str:
    return "".join(c for c in text if unicodedata.category(c) != "Cf").strip()


def pairs() -> list[Pair]:
    """Six pairs."""
    return [_orders(), _behaviour(), _ratings(), _korean(), _russian(), _arabic()]


def _orders() -> Pair:
    world = shop(101, "zh")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["买家编号", "商品编号", "下单时间", "数量"]]
        for number, e in enumerate(world.events):
            at = datetime.fromtimestamp(e.at, CHINA)
            item = f"SP{e.item:05}"
            # somebody typed every third order with a Chinese keyboard
            item = item.translate(WIDE) if number % 3 == 0 else item
            when = f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"
            rows.append([f"M{e.user:04}", item, when, 1])
        (folder / "订单.csv").write_bytes(delimited(rows).encode("gbk"))
        goods: list[list[object]] = [["商品编号", "商品名称", "类目", "价格", "商品描述"]]
        for row, name in enumerate(world.names):
            price = f"￥{world.prices[row] / 100:,.2f}"
            told = "暂无" if row % 4 == 0 else f"<p>{name}，包邮&nbsp;正品</p>"
            goods.append([f"SP{row:05}", name, world.things[row], price, told])
        (folder / "商品.csv").write_bytes(delimited(goods).encode("gb18030"))

    truth = Truth(
        good=liked(world, lambda u: f"M{u:04}", lambda i: f"SP{i:05}"),
        names={f"SP{row:05}": name for row, name in enumerate(world.names)},
        slack=14 * 3600 + 60,
        multilingual=True,
        recipe={"clean.empty_placeholders": (True,), "clean.strip_html": (True,)},
        fold=_wide,
    )
    return Pair(
        "chinese orders",
        "GBK, full-width digits in a third of the ids, 2024年3月5日, `暂无` as text",
        write,
        ("订单.csv", "商品.csv"),
        truth,
        "M0007",
        knows={"data.time_zone": "Asia/Shanghai", "data.same_ids": '["forms"]'},
    )


def _behaviour() -> Pair:
    world = shop(102, "zh")
    kinds = {5: "购买", 4: "加购", 3: "收藏", 2: "浏览", 1: "浏览"}

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["用户", "商品ID", "行为", "时间"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, CHINA)
            noon = "上午" if at.hour < 12 else "下午"
            when = f"{at.year}/{at.month}/{at.day} {noon} {at.hour % 12 or 12}:{at:%M:%S}"
            rows.append([f"u_{e.user}", 90_000 + e.item, kinds[e.rating], when])
        (folder / "行为日志.txt").write_bytes(delimited(rows, "\t").encode("gb18030"))
        goods = [["商品ID", "标题", "店铺"]] + [
            [str(90_000 + row), name, f"{name[:2]}旗舰店"] for row, name in enumerate(world.names)
        ]
        (folder / "items.csv").write_bytes(b"\xef\xbb\xbf" + delimited(goods).encode())

    return Pair(
        "chinese behaviour",
        "gb18030 with tabs, kinds of events in Chinese, `2024/3/5 下午 2:03:00`; a BOM",
        write,
        ("行为日志.txt", "items.csv"),
        Truth(
            good=liked(world, lambda u: f"u_{u}", lambda i: str(90_000 + i)),
            names={str(90_000 + row): name for row, name in enumerate(world.names)},
            slack=14 * 3600,
            multilingual=True,
            kinds=4,
        ),
        "u_7",
        knows={"data.time_zone": "Asia/Shanghai"},
    )


def _ratings() -> Pair:
    world = shop(103, "zh")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["用户昵称", "菜品", "评分", "评论内容", "评论日期"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, UTC)
            said = f"{'很好' if e.rating > 3 else '一般'}，{world.names[e.item]}"
            stars = f"{e.rating}星".translate(WIDE if e.user % 2 else {})
            rows.append([f"小{e.user}", world.names[e.item], stars, said, f"{at:%Y.%m.%d}"])
        (folder / "点评.csv").write_bytes(delimited(rows).encode("utf-8-sig"))

    return Pair(
        "chinese ratings",
        "one file, item known by its name alone, ratings `5星` and `４星`, dates 2024.03.05",
        write,
        ("点评.csv",),
        Truth(
            good=liked(world, lambda u: f"小{u}", lambda i: world.names[i], least=4),
            not_good=disliked(world, lambda u: f"小{u}", lambda i: world.names[i], most=2),
            slack=86_400,
        ),
        "小7",
        knows={"clean.min_value": "4"},
    )


def _korean() -> Pair:
    world = shop(104, "ko")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["회원번호", "상품코드", "구매일시", "수량"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, timezone(timedelta(hours=9)))
            rows.append([f"{e.user:06}", f"K-{e.item}", f"{at:%Y-%m-%d %H:%M:%S}", 1])
        (folder / "구매내역.csv").write_bytes(delimited(rows).encode("cp949"))
        goods = [["상품코드", "상품명", "카테고리", "가격"]] + [
            [f"K-{row}", name, world.things[row], f"{world.prices[row] * 10:,}원"]
            for row, name in enumerate(world.names)
        ]
        (folder / "상품.csv").write_bytes(delimited(goods).encode("cp949"))

    return Pair(
        "korean orders",
        "cp949, Korean headers, leading zeros in the users' numbers, prices `12,000원`",
        write,
        ("구매내역.csv", "상품.csv"),
        Truth(
            good=liked(world, lambda u: f"{u:06}", lambda i: f"K-{i}"),
            names={f"K-{row}": name for row, name in enumerate(world.names)},
            slack=14 * 3600,
            multilingual=True,
        ),
        "000007",
        knows={"data.time_zone": "Asia/Seoul"},
    )


def _russian() -> Pair:
    world = shop(105, "ru")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["Пользователь", "Товар", "Оценка", "Дата"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, MOSCOW)
            rows.append([e.user, e.item, f"{e.rating},0", f"{at:%d.%m.%Y %H:%M}"])
        (folder / "оценки.csv").write_bytes(delimited(rows, ";").encode("cp1251"))
        goods = [["Код товара", "Наименование", "Цена"]] + [
            [str(row), name, f"{world.prices[row] / 100:.2f} руб.".replace(".", ",", 1)]
            for row, name in enumerate(world.names)
        ]
        (folder / "товары.csv").write_bytes(delimited(goods, ";").encode("cp1251"))

    return Pair(
        "russian ratings",
        "windows-1251, `;`, Russian headers, ratings `4,0`, 05.03.2024 14:03, prices `12,50 руб.`",
        write,
        ("оценки.csv", "товары.csv"),
        Truth(
            good=liked(world, str, str, least=4),
            not_good=disliked(world, str, str, most=2),
            names={str(row): name for row, name in enumerate(world.names)},
            slack=14 * 3600 + 60,
            multilingual=True,
        ),
        "7",
        knows={"data.time_zone": "Europe/Moscow", "clean.min_value": "4"},
    )


def _arabic() -> Pair:
    world = shop(106, "ar")

    def write(folder: Path) -> None:
        rows: list[list[object]] = [["المستخدم", "المنتج", "التقييم", "التاريخ"]]
        for e in world.events:
            at = datetime.fromtimestamp(e.at, UTC)
            day, item = f"{at:%Y-%m-%d %H:%M}".translate(ARABIC), f"ر{e.item}"
            # a marker of direction that nobody sees stands behind some ids
            item += "\u200f" if e.user % 5 == 0 else ""
            rows.append([f"م{e.user}", item, str(e.rating).translate(ARABIC), day])
        (folder / "التقييمات.csv").write_text(delimited(rows), encoding="utf-8")
        goods = [["المنتج", "الاسم", "الوصف"]] + [
            [f"ر{row}", name, f"وصف {world.things[row]}"] for row, name in enumerate(world.names)
        ]
        (folder / "المنتجات.csv").write_text(delimited(goods), encoding="utf-8")

    return Pair(
        "arabic ratings",
        "Arabic headers, Arabic digits in ratings and dates, marks of direction in ids",
        write,
        ("التقييمات.csv", "المنتجات.csv"),
        Truth(
            good=liked(world, lambda u: f"م{u}", lambda i: f"ر{i}", least=4),
            not_good=disliked(world, lambda u: f"م{u}", lambda i: f"ر{i}", most=2),
            names={f"ر{row}": name for row, name in enumerate(world.names)},
            slack=14 * 3600 + 60,
            multilingual=True,
            fold=_bare,
        ),
        "م7",
        knows={"data.same_ids": '["blanks"]', "clean.min_value": "4"},
    )
