"""The column names of palate's long tables, and the names that other tools use for the same thing."""

from __future__ import annotations

USER = "user_id"
ITEM = "item_id"
VALUE = "rating"
TIME = "timestamp"
SCORE = "score"
RANK = "rank"

ALIASES: dict[str, tuple[str, ...]] = {
    USER: ("user_id", "userid", "user", "uid", "reviewerid", "customer_id", "visitorid", "member_id", "session_id"),
    ITEM: (
        "item_id",
        "itemid",
        "item",
        "iid",
        "movie_id",
        "movieid",
        "asin",
        "product_id",
        "parent_asin",
        "news_id",
        "article_id",
        "book_id",
        "video_id",
        "business_id",
        "restaurant_id",
        "sku",
    ),
    VALUE: ("rating", "ratings", "value", "weight", "stars", "overall", "score", "label", "click", "watch_ratio"),
    TIME: (
        "timestamp",
        "time",
        "datetime",
        "date",
        "ts",
        "unixreviewtime",
        "event_time",
        "created_at",
        "chrono_rank",
        "position",
    ),
}
"""Canonical name -> lower-case names, dashes and blanks as underscores, that mean the same; best first."""
