"""Numbers and names as people read them."""

from __future__ import annotations

import pytest

from palate.report import wording
from palate.report.wording import MINUS, NONE, THIN
from palate.tables.variant import Variant


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("ndcg@10", "NDCG@10"),
        ("recall@5", "Recall@5"),
        ("hit@1", "Hit rate@1"),
        ("user_coverage", "User coverage"),
        ("mrr", "MRR"),
        ("myMetric@3", "myMetric@3"),
        ("", ""),
    ],
)
def test_metric_names(name: str, written: str) -> None:
    assert wording.metric_name(name) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("all", "All users"),
        ("target 0", "Items never seen"),
        ("target 1-5", "Items seen 1\N{EN DASH}5 times"),
        ("target 6-20", "Items seen 6\N{EN DASH}20 times"),
        ("target 7-9", "Target 7-9"),
        ("left-handed users", "Left-handed users"),
        ("target >20", "Items seen over 20 times"),
        ("new users", "New users"),
        ("users <=5 events", "Users with up to 5 events"),
        ("new items", "New items"),
    ],
)
def test_slice_names(name: str, written: str) -> None:
    assert wording.slice_name(name) == written


@pytest.mark.parametrize(
    ("model", "written"),
    [
        (Variant("blend"), "blend"),
        (Variant("blend", "permuted", ("text",)), "blend, texts permuted"),
        (Variant("blend", "random", ("text",)), "blend, random vectors"),
        (Variant("blend", "without", ("text",)), "blend without text"),
        (Variant("a-without-b~permuted"), "a-without-b~permuted"),
        (Variant("BPR", "published"), "BPR"),
    ],
)
def test_model_names(model: Variant, written: str) -> None:
    assert wording.model_name(model) == written


def test_values_keep_their_sign_and_lose_it_at_zero() -> None:
    assert wording.value(-0.01234) == f"{MINUS}0.0123"
    assert wording.value(0.01234, sign=True) == "+0.0123"
    assert wording.value(-0.00001, sign=True) == "0.0000"
    assert wording.value(123.456) == "123.46"
    assert wording.value(None) == NONE


def test_percentages() -> None:
    assert wording.percent(0.271) == f"27.1{THIN}%"
    assert wording.percent(-0.271, sign=True) == f"{MINUS}27.1{THIN}%"
    assert wording.percent(12.3) == f"1,230{THIN}%"
    assert wording.percent(None) == NONE


def test_intervals_need_both_ends() -> None:
    assert wording.value_interval(0.1, 0.2) == "[0.1000, 0.2000]"
    assert wording.value_interval(0.1, None) == ""


def test_counts_and_p_values() -> None:
    assert [wording.count(x) for x in (None, 0, 6.5, 1234567.0)] == [NONE, "0", "6.5", "1,234,567"]
    assert [wording.p_value(p) for p in (None, 0.0, 0.00012, 0.0456, 1.0)] == [
        NONE,
        f"<{THIN}0.0001",
        "0.0001",
        "0.05",
        "1.00",
    ]


def test_durations_and_sizes() -> None:
    assert wording.duration(None) == NONE
    assert wording.duration(600).replace(THIN, " ") == "10 min"
    assert wording.duration(0).replace(THIN, " ") == "0 ms"
    sizes = [wording.size(n).replace(THIN, " ") for n in (0, 999, 18_600_000, 2e15)]
    assert sizes == ["0 B", "999 B", "18.6 MB", "2000 TB"]
    assert wording.size(None) == NONE


@pytest.mark.parametrize("written", ["", "yesterday", "99999999999", "2024-13-01"])
def test_days_that_are_none_stay_as_they_are(written: str) -> None:
    assert wording.day(written) == written or written == "99999999999"


def test_short_cuts_only_what_is_long() -> None:
    assert wording.short("abc", 3) == "abc"
    assert wording.short("abcd", 3) == "ab\N{HORIZONTAL ELLIPSIS}"


def test_prose_writes_metrics_and_signs_like_the_page() -> None:
    written = wording.prose("ndcg@10 fell by -2.4 % for items seen 1-5 times (-0.01) by text-v1")
    assert (
        written
        == f"NDCG@10 fell by {MINUS}2.4{THIN}% for items seen 1-5 times ({MINUS}0.01) by text-v1"
    )
