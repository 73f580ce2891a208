"""The column names of palate's long tables, and the names that other tools use for the same
thing.
"""

from __future__ import annotations

USER = "user_id"
ITEM = "item_id"
VALUE = "rating"
TIME = "timestamp"
SCORE = "score"
RANK = "rank"

ALIASES: dict[str, tuple[str, ...]] = {
    USER: (
        "user_id",
        "user",
        "uid",
        "user_index",
        "reviewer_id",
        "customer_id",
        "visitor_id",
        "member_id",
        "profile_id",
        "account_id",
        "author_id",
        "session_id",
    ),
    ITEM: (
        "item_id",
        "item",
        "iid",
        "item_index",
        "movie_id",
        "asin",
        "product_id",
        "parent_asin",
        "news_id",
        "article_id",
        "book_id",
        "video_id",
        "business_id",
        "restaurant_id",
        "track_id",
        "song_id",
        "artist_id",
        "anime_id",
        "game_id",
        "recipe_id",
        "course_id",
        "show_id",
        "app_id",
        "doc_id",
        "content_id",
        "post_id",
        "poi_id",
        "listing_id",
        "hotel_id",
        "job_id",
        "ad_id",
        "gmap_id",
        "sku",
        "isbn",
    ),
    VALUE: (
        "rating",
        "ratings",
        "value",
        "weight",
        "stars",
        "overall",
        "score",
        "star_rating",
        "review_rating",
        "book_rating",
        "preference",
        "watch_ratio",
        "play_count",
        "plays",
        "count",
        "label",
        "click",
    ),
    TIME: (
        "timestamp",
        "time",
        "datetime",
        "date",
        "ts",
        "unix_review_time",
        "event_time",
        "event_timestamp",
        "review_time",
        "review_date",
        "created_at",
        "show_time",
        "click_time",
        "order_date",
        "chrono_rank",
        "position",
    ),
}
"""Canonical name -> names that mean the same, whatever their case, dashes and blanks; best
first."""
