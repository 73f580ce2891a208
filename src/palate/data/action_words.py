"""Words for kinds of events, and what each counts: the nearer to a purchase, the more."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

_MOST_KINDS: Final = 20

WEIGHTS: Final[dict[float, tuple[str, ...]]] = {
    0.0: (
        *("impression", "impressions", "itemimpression", "viewimpression", "imp", "shown", "show"),
        *("display", "displayed", "expose", "exposed", "exposure", "served", "render", "rendered"),
        *("skip", "skipped", "dislike", "disliked", "unlike", "hide", "hidden", "notinterested"),
        *("removefromcart", "removecart", "cartremove", "removefromwishlist", "unfavorite"),
        *("refund", "refunded", "return", "returned", "cancel", "canceled", "cancelled"),
        *("曝光", "展示", "展现", "跳过", "不喜欢", "取消收藏", "退款", "退货", "노출", "показ"),
        *("affichage", "einblendung", "impresión", "impressão", "impressione", "表示"),
        *("возврат", "отмена", "remboursement", "retour", "storno", "devolución", "reso"),
    ),
    1.0: (
        *("view", "views", "viewed", "pv", "click", "clicked", "visit", "detail"),
        *("pageview", "itemview", "productview", "viewitem", "play", "read", "open", "browse"),
        *(
            "浏览",
            "点击",
            "查看",
            "閲覧",
            "クリック",
            "조회",
            "클릭",
            "vue",
            "clic",
            "ansicht",
            "vista",
        ),
        *("просмотр", "клик"),
    ),
    2.0: (
        *("like", "liked", "fav", "favorite", "favourite", "wishlist", "addtowishlist", "save"),
        *(
            "bookmark",
            "share",
            "comment",
            "follow",
            "collect",
            "收藏",
            "喜欢",
            "点赞",
            "分享",
            "関注",
        ),
    ),
    3.0: (
        *("cart", "addtocart", "addcart", "add", "basket", "addtobasket", "begincheckout"),
        *(
            "checkout",
            "加购",
            "加购物车",
            "加入购物车",
            "購物車",
            "カート",
            "장바구니",
            "panier",
            "warenkorb",
        ),
        *("carrito", "carrello", "корзина"),
    ),
    5.0: (
        *("buy", "bought", "purchase", "purchased", "order", "ordered", "transaction", "pay"),
        *(
            "paid",
            "购买",
            "下单",
            "支付",
            "成交",
            "購入",
            "구매",
            "achat",
            "kauf",
            "compra",
            "acquisto",
        ),
        *("покупка",),
    ),
}
"""Weight -> the kinds of events that have it: the nearer to a purchase, the more; 0 for what was
only shown, was passed over or taken back."""


def weight_of(name: str) -> float | None:
    """What an event of this kind counts; None for a word that is not known.

    >>> weight_of("Add to cart"), weight_of("impression"), weight_of("hover")
    (3.0, 0.0, None)
    """
    plain = re.sub(r"[\W_]", "", name.casefold())
    return next((weight for weight, names in WEIGHTS.items() if plain in names), None)


def are_actions(values: pl.Series) -> bool:
    """Whether the values are kinds of events, two or more, and all of them known words."""
    if values.dtype != pl.String:
        return False
    kinds = values.drop_nulls().unique()
    if not 2 <= len(kinds) <= _MOST_KINDS:
        return False
    return all(weight_of(kind) is not None for kind in kinds)
