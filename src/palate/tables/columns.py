"""The column names of palate's long tables, and the names that other tools use for the same
thing.
"""

from __future__ import annotations

USER = "user_id"
ITEM = "item_id"
VALUE = "rating"
TIME = "timestamp"
ACTION = "action"
REQUEST = "request_id"
POSITION = "list_position"
PROPENSITY = "propensity"
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
    ACTION: (
        "action",
        "action_type",
        "action_name",
        "event_type",
        "event_name",
        "event",
        "interaction_type",
        "interaction",
        "behavior_type",
        "behaviour_type",
        "behavior",
        "behaviour",
        "feedback_type",
        "activity_type",
        "type",
    ),
    REQUEST: (
        "request_id",
        "request",
        "impression_id",
        "slate_id",
        "ranking_id",
        "recommendation_id",
        "recomm_id",
        "search_id",
        "query_id",
    ),
    POSITION: (
        "list_position",
        "display_position",
        "shown_position",
        "slate_position",
        "rank_position",
        "slot",
    ),
    PROPENSITY: (
        "propensity",
        "propensity_score",
        "pscore",
        "action_prob",
        "action_probability",
        "logging_probability",
    ),
}
"""Canonical name -> names that mean the same, whatever their case, dashes and blanks; best
first.

A column called "position" is the time (a rank in the user's own sequence), unless another column is
the time and the values are positions in a list: see `palate.data.column_roles`."""

LIKED = (
    *("liked", "is_liked", "like", "is_like", "thumbs_up", "thumb", "thumbs", "vote", "voted_up"),
    *("recommended", "is_recommended", "clicked", "is_clicked", "is_click", "sentiment"),
    *("feedback", "user_feedback", "reaction", "opinion", "response", "polarity", "like_dislike"),
    *("thumb_up", "upvote", "upvoted", "is_positive", "liked_it", "favorited", "is_favorite"),
)
"""Names of the value where it says yes or no and nothing else does."""

SESSIONS = ("session_id", "session", "visit_id", "sid", "会话", "会话id", "セッション", "세션")
"""Names of what stands for the user where no one else does."""

POSITION_OR_TIME = "position"
"""The one name that means two things."""

LOG_COLUMNS = (USER, ITEM, VALUE, TIME, ACTION, REQUEST, POSITION, PROPENSITY)
"""The columns of a log's long table, in this order; those of the context follow."""
