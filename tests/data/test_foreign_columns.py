from __future__ import annotations

import polars as pl
import pytest

from palate.data.assemble import read_frames
from palate.data.column_roles import id_column, log_roles
from palate.data.folders import kind_of_table
from palate.data.table import Table
from palate.data.titles import titles
from palate.errors import BadInput
from palate.tables.columns import ITEM

USERS, ITEMS = ["a", "a", "b"], ["x", "y", "x"]
TIMES = ["2020-01-02 03:04:05", "2020-01-03 03:04:05", "2020-01-04 03:04:05"]


@pytest.mark.parametrize(
    ("user", "item", "value", "time"),
    [
        ("用户", "商品", "评分", "时间"),
        ("用户ID", "商品编号", "打分", "下单时间"),
        ("会员号", "商品编码", "评分", "订单付款时间"),
        ("买家昵称", "货号", "评分", "付款时间"),
        ("Kundennr.", "Artikelnr.", "Sterne", "Bestelldatum"),
        ("N° client", "Référence article", "note", "Date commande"),
        ("ユーザー", "商品コード", "評価", "日時"),
        ("사용자", "상품번호", "평점", "시간"),
        ("utilisateur", "article", "note", "date_achat"),
        ("id_client", "code_produit", "évaluation", "horodatage"),
        ("Benutzer", "Artikelnummer", "Bewertung", "Zeitpunkt"),
        ("Kunde", "Produkt", "Sterne", "Datum"),
        ("usuario", "producto", "calificación", "fecha"),
        ("usuário", "id_produto", "avaliação", "data"),
        ("utente", "prodotto", "voto", "data_acquisto"),
        ("пользователь", "товар", "оценка", "дата"),
        ("Клиент", "Артикул", "оценка", "дата"),
        ("회원번호", "상품코드", "평점", "주문일시"),
        ("Kd.-Nr.", "Art.-Nr.", "Sterne", "Bestelldatum"),
        ("会員番号", "商品コード", "評価", "注文日時"),
        ("المستخدم", "المنتج", "التقييم", "التاريخ"),
        ("رقم العميل", "رقم المنتج", "التقييم", "تاريخ الشراء"),
    ],
)
def test_columns_in_other_languages(user: str, item: str, value: str, time: str) -> None:
    frame = pl.DataFrame({time: TIMES, value: ["3,5", "4", "1"], item: ITEMS, user: USERS})
    roles = log_roles(Table("log.csv", frame))
    assert (roles.user, roles.item, roles.value, roles.time) == (user, item, value, time)
    data = read_frames(frame)
    assert data.interactions.value.tolist() == [3.5, 4.0, 1.0]
    assert data.interactions.time is not None


def test_orders_whose_item_has_no_known_name_are_no_users() -> None:
    frame = pl.DataFrame({"会员号": ["a", "a", "b"], "东西": ["x", "y", "x"], "下单时间": TIMES})
    frame = pl.concat([frame, frame]).with_columns(pl.lit("一").alias("甲"))
    with pytest.raises(BadInput, match="no column is recognised as the item"):
        kind_of_table(Table("log.csv", frame.drop("东西")))


def test_words_that_mean_something_else_in_english() -> None:
    frame = pl.DataFrame(
        {"user": USERS, "item": ITEMS, "note": ["so so", "fine", "bad"], "data": ["{}", "{}", "{}"]}
    )
    roles = log_roles(Table("log.csv", frame))
    assert (roles.value, roles.time) == (None, None)


def test_a_chinese_catalogue() -> None:
    items = pl.DataFrame(
        {"商品": ["x", "y"], "标题": ["红茶壶", "耙子"], "价格": ["12.5元", "3元"]}
    )
    table = Table("items.csv", items)
    assert kind_of_table(table) == "items"
    assert id_column(table, ITEM).item == "商品"
    log = pl.DataFrame({"用户": USERS, "商品": ITEMS})
    data = read_frames(log, items)
    assert titles(data.catalogue) == ["红茶壶", "耙子"]
    assert data.catalogue.fields["价格"].to_list() == [12.5, 3.0]
