"""What each kind of event counts, where a log tells kinds apart and has no ratings."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from palate.tables import Interactions

WEIGHTS: Final[dict[float, tuple[str, ...]]] = {
    1.0: (
        *("view", "views", "viewed", "pv", "click", "clicked", "impression", "visit", "detail"),
        *("pageview", "itemview", "productview", "viewitem", "play", "read", "open", "browse"),
        *(
            "浏览",
            "点击",
            "查看",
            "曝光",
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
"""Weight -> the kinds of events that have it: the nearer to a purchase, the more."""


def guessed_weights(log: Interactions) -> tuple[dict[str, float], str]:
    """`action_values` and why; nothing where the log has ratings of its own, or fewer than two
    kinds of events that are known here.

    Kinds that are not known count 1.

    >>> from palate.tables import Event
    >>> log = Interactions.of_events([Event("u", "a", "view"), Event("u", "b", "buy")])
    >>> guessed_weights(log)[0]
    {'view': 1.0, 'buy': 5.0}
    """
    if log.action is None or not bool(np.all(log.value == 1)):
        return {}, ""
    found = {name: _weight(name) for name in log.action.counts()}
    known = {name: weight for name, weight in found.items() if weight is not None}
    if len(set(known.values())) < 2:
        return {}, ""
    weights = {name: 1.0 if weight is None else weight for name, weight in found.items()}
    listed = ", ".join(f"{name} = {weight:g}" for name, weight in weights.items())
    return weights, f"Events count by their kind: {listed}. Change it in action_values."


def _weight(name: str) -> float | None:
    plain = re.sub(r"[\W_]", "", name.casefold())
    return next((weight for weight, names in WEIGHTS.items() if plain in names), None)
