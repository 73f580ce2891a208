# ruff: noqa: RUF001 - these are words of many languages
"""Names of columns in other languages than English."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_USER: Final = (
    *(
        "用户",
        "用戶",
        "会员",
        "會員",
        "顾客",
        "客户",
        "买家",
        "ユーザー",
        "顧客",
        "会員",
        "사용자",
        "고객",
        "회원",
    ),
    *("会员卡", "會員卡", "买家会员名", "会员名", "买家昵称", "用户昵称", "账号", "帐号"),
    *("utilisateur", "client", "acheteur", "membre", "benutzer", "nutzer", "kunde", "käufer"),
    *("kunden", "besteller", "debitor", "auftraggeber", "warenempfänger"),
    *("usuario", "cliente", "comprador", "utente", "acquirente", "usuário", "utilizador"),
    *("пользователь", "клиент", "покупатель", "użytkownik", "klient", "gebruiker", "klant"),
    *("kullanıcı", "müşteri", "användare", "kund", "uživatel", "zákazník"),
    *("المستخدم", "مستخدم", "العميل", "عميل", "الزبون", "زبون", "المشتري", "משתמש", "לקוח"),
)
_ITEM: Final = (
    *("商品", "物品", "产品", "產品", "货品", "宝贝", "电影", "书籍", "文章", "视频", "歌曲"),
    *("货", "款", "菜品", "课程", "店铺", "内容", "影片", "图书", "资讯", "新闻"),
    *("アイテム", "製品", "映画", "상품", "제품", "아이템", "영화"),
    *("article", "produit", "livre", "artikel", "produkt", "ware", "buch"),
    *("artículo", "producto", "libro", "película", "articolo", "prodotto", "produto", "artigo"),
    *("артикул", "товар", "продукт", "фильм", "книга", "towar", "ürün", "vara", "zboží"),
    *("المنتج", "منتج", "السلعة", "سلعة", "الصنف", "الفيلم", "الكتاب", "פריט", "מוצר"),
)
_VALUE: Final = (
    *("评分", "評分", "打分", "分数", "星级", "评级", "評価", "点数", "평점", "별점", "점수"),
    *("note", "évaluation", "bewertung", "sterne", "calificación", "puntuación", "valoración"),
    *("voto", "valutazione", "punteggio", "avaliação", "nota", "оценка", "рейтинг", "ocena"),
    *("beoordeling", "puan", "betyg", "hodnocení", "التقييم", "تقييم", "الدرجة", "דירוג"),
)
_DEEDS: Final = (
    *("", "下单", "购买", "点击", "浏览", "行为", "评论", "操作", "交易", "支付", "付款", "成交"),
    *("访问", "播放", "观看", "更新", "创建", "发生", "订单", "订单创建", "订单付款", "销售"),
    *("记录", "消费", "收藏", "评价", "借阅", "阅读", "借出", "完成"),
)
_TIME: Final = (
    *(f"{deed}{word}" for word in ("时间", "时间戳", "日期") for deed in _DEEDS),
    "時間",
    *(f"{deed}{word}" for word in ("日時", "日付", "日") for deed in ("", "購入", "注文", "閲覧")),
    *(
        f"{deed}{word}"
        for word in ("일시", "시간", "날짜", "일자", "일")
        for deed in ("", "주문", "구매", "결제", "거래", "클릭", "조회", "등록")
    ),
    *("horodatage", "heure", "date_achat", "date_commande", "zeit", "zeitpunkt", "zeitstempel"),
    *("datum", "kaufdatum", "bestelldatum", "fecha", "hora", "fecha_compra", "fecha_pedido"),
    *("data", "ora", "data_acquisto", "data_compra", "data_pedido", "время", "дата", "czas"),
    *("data_zakupu", "tijd", "tijdstip", "tarih", "zaman", "tid", "čas"),
    *("التاريخ", "تاريخ", "الوقت", "وقت", "تاريخ الشراء", "تاريخ الطلب", "תאריך", "זמן"),
)
_ACTION: Final = (
    *(
        "行为",
        "行為",
        "行为类型",
        "动作",
        "操作",
        "事件",
        "事件类型",
        "行動",
        "イベント",
        "행동",
        "이벤트",
    ),
    *("événement", "type_action", "ereignis", "aktion", "evento", "acción", "azione", "ação"),
    *("событие", "действие", "zdarzenie", "akcja", "gebeurtenis", "olay", "الحدث", "الإجراء"),
)
_ID: Final = (
    *("id", "编号", "編號", "号", "代码", "编码", "編碼", "标识", "条码", "番号", "コード"),
    *("번호", "아이디", "코드", "n"),
    *("nummer", "nr", "num", "numéro", "numero", "número", "code", "codigo", "código", "codice"),
    *("رقم", "رمز", "معرف"),
    *("référence", "réf", "referencia", "referência", "riferimento", "kod", "номер", "код"),
)


def _ids(words: tuple[str, ...]) -> Iterator[str]:
    """An id's column may be called by the thing, or by the thing and "id" in either order."""
    for word in words:
        yield from (f"{word}{mark}" for mark in _ID)
        yield from (f"{mark}{word}" for mark in _ID)
        yield from (f"{mark}{joint}{word}" for mark in ("id", "code") for joint in ("d", "do"))
    yield from words


_SHORT_USER: Final = ("kdnr", "kdnummer", "kndnr", "kundnr")
_SHORT_ITEM: Final = ("artnr", "artnummer", "matnr", "prodnr")
"""Numbers of customers and articles as German systems shorten them."""

FOREIGN: Final[Mapping[str, tuple[str, ...]]] = {
    "user_id": (*_ids(_USER), *_SHORT_USER),
    "item_id": (*_ids(_ITEM), *_SHORT_ITEM),
    "rating": _VALUE,
    "timestamp": _TIME,
    "action": _ACTION,
}
"""Canonical name -> names in other languages, best first."""

QUANTITIES: Final = (
    *("quantity", "qty", "amount", "count", "number", "units", "pieces", "pcs", "age", "page"),
    *("till", "store", "shop", "floor", "line", "month", "hour", "weekday", "day", "menge"),
    *("anzahl", "stück", "quantité", "qté", "nombre", "cantidad", "cant", "quantità", "qtà"),
    *("quantidade", "qtd", "aantal", "ilość", "количество", "кол-во", "adet", "antal", "numero"),
    *("数量", "件数", "个数", "购买数量", "購入数", "個数", "수량", "개수"),
)
"""Names of what is counted and is no rating, though its numbers may be few and small."""

TITLES: Final = (
    *(
        "标题",
        "標題",
        "名称",
        "名稱",
        "商品名称",
        "商品名",
        "商品标题",
        "产品名称",
        "题目",
        "片名",
        "书名",
    ),
    *("タイトル", "題名", "名前", "제목", "상품명", "이름", "titre", "nom", "libellé", "titel"),
    *("bezeichnung", "produktname", "artikelname", "título"),
    *("titulo", "nombre", "titolo", "nome"),
    *("название", "наименование", "tytuł", "nazwa", "naam", "başlık", "ad", "namn", "název"),
)
"""Names of the field that names an item."""
