"""Actions, requests, positions, propensities and contexts: found by name, refused or left unused
where they make no sense, and made into values.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.tables.event_lists import event_lists

from palate.data.assemble import read, read_frames
from palate.data.column_roles import Roles, log_roles
from palate.data.describe import describe
from palate.data.settings import DataSettings
from palate.data.table import Table
from palate.errors import BadInput, BadRecipe
from palate.runs.log_columns import arrays_of, log_of
from palate.tables import Event, Interactions
from palate.tables.columns import ACTION, ALIASES, POSITION, PROPENSITY, REQUEST

PLAIN = {
    "user_id": ["u", "u", "v", "v"],
    "item_id": ["a", "b", "a", "c"],
    "timestamp": [10**9, 10**9 + 5, 10**9 + 7, 10**9 + 9],
}
WORDS = st.text("abcdeй,", max_size=6)


def _roles(settings: DataSettings | None = None, **columns: list[Any]) -> Roles:
    return log_roles(Table("log.csv", pl.DataFrame({**PLAIN, **columns})), settings)


def _log(settings: DataSettings, **columns: list[Any]) -> Interactions:
    return read_frames(pl.DataFrame({**PLAIN, **columns}), settings=settings).interactions


@pytest.mark.parametrize(
    ("role", "values"),
    [
        (ACTION, ["view", "buy", "view", None]),
        (ACTION, [1, 2, 1, 4]),
        (REQUEST, ["r1", "r1", "r2", None]),
        (REQUEST, [7, 7, 8, 8]),
        (POSITION, [1, 2, 1, 9]),
        (PROPENSITY, [0.5, 0.25, 1.0, None]),
    ],
)
def test_common_names(role: str, values: list[Any]) -> None:
    for name in ALIASES[role]:
        for written in (name, name.upper(), name.replace("_", "-"), name.title().replace("_", "")):
            roles = _roles(**{written: values})
            found = {
                ACTION: roles.action,
                REQUEST: roles.request,
                POSITION: roles.position,
                PROPENSITY: roles.propensity,
            }
            assert found == {r: written if r == role else None for r in found}
            assert f'"{written}" is the ' in roles.said[0]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("type", [0.5, 1.5, 2.5, 3.5]),
        ("event", [["a"], ["b"], [], []]),
        ("propensity", ["high", "low", "high", "low"]),
        ("request", [0.5, 1.5, 2.5, 3.5]),
        ("action", [None] * 4),
    ],
)
def test_values_of_another_kind_are_not_taken(name: str, values: list[Any]) -> None:
    roles = _roles(**{name: values})
    assert (roles.action, roles.request, roles.propensity) == (None, None, None)


def test_an_id_of_each_event_is_no_action() -> None:
    n = 101
    columns = {"user_id": [1] * n, "item_id": range(n), "event": range(n)}
    assert log_roles(Table("log.csv", pl.DataFrame(columns))).action is None


def test_codes_of_actions_are_no_ratings() -> None:
    roles = _roles(behavior_type=[1, 2, 3, 4])
    assert (roles.action, roles.value) == ("behavior_type", None)


def test_an_event_that_is_the_item_stays_the_item() -> None:
    columns = {"user_id": [1, 2], "event": ["fair", "concert"], "rating": [1, 5]}
    roles = log_roles(Table("log.csv", pl.DataFrame(columns)))
    assert (roles.item, roles.action) == ("event", None)


def test_an_action_beside_the_only_other_id() -> None:
    columns = {"user_id": [1, 2], "thing": ["x", "y"], "event": ["buy", "view"], "rating": [1, 5]}
    roles = log_roles(Table("log.csv", pl.DataFrame(columns)))
    assert (roles.item, roles.action) == ("thing", "event")


@pytest.mark.parametrize(
    ("columns", "time", "position"),
    [
        # the rank in a user's own sequence, as files without another time have it
        ({"timestamp": None, "position": [1, 2, 1, 2]}, "position", None),
        ({"timestamp": None, "position": [1, 2, 1, 2], "request": [1, 1, 2, 2]}, "position", None),
        ({"timestamp": None, "position": [0, 1, 0, 1]}, "position", None),
        # beside a time, but nothing speaks of lists
        ({"position": [1, 2, 1, 2]}, "timestamp", None),
        # places in a list
        ({"position": [1, 2, 1, 5], "request_id": [1, 1, 2, 2]}, "timestamp", "position"),
        ({"Position": [3, 1, 1, 2], "pscore": [0.1, 0.2, 0.1, 0.2]}, "timestamp", "Position"),
        # not counted from 1
        ({"position": [0, 1, 0, 1], "request_id": [1, 1, 2, 2]}, "timestamp", None),
        ({"position": [2, 3, 2, 3], "request_id": [1, 1, 2, 2]}, "timestamp", None),
        # a better name
        ({"position": [1, 2, 1, 2], "slot": [1, 2, 1, 2]}, "timestamp", "slot"),
    ],
)
def test_position_is_a_time_or_a_place(
    columns: dict[str, list[Any] | None], time: str, position: str | None
) -> None:
    given_columns = {n: c for n, c in {**PLAIN, **columns}.items() if c is not None}
    roles = log_roles(Table("log.csv", pl.DataFrame(given_columns)))
    assert (roles.time, roles.position) == (time, position)
    assert (roles.position is None) == ("is the position" not in " ".join(roles.said))


def test_the_settings_decide() -> None:
    columns = {"what": ["view"] * 4, "event": ["x"] * 4, "position": [1, 2, 1, 2], "p": [0.5] * 4}
    settings = DataSettings(
        action_column="what", position_column="position", propensity_column="p", request_column="-"
    )
    roles = _roles(settings, **columns, request_id=[1, 1, 2, 2])
    found = (roles.action, roles.request, roles.position, roles.propensity)
    assert found == ("what", None, "position", "p")
    with pytest.raises(BadRecipe, match="did you mean") as caught:
        _roles(DataSettings(action_column="evnt"), **columns)
    assert caught.value.where == "data.action_column"


def test_read_into_the_log() -> None:
    log = _log(
        DataSettings(context_columns=("device", "day")),
        event_type=["view", "", "buy", None],
        request_id=[7, None, 8, 8],
        position=[1, None, 3, 2],
        propensity_score=[0.5, None, 1, float("nan")],
        device=["phone", None, "desk", "desk"],
        day=[1, 2, None, 4],
    )
    assert log.events() == [
        Event("u", "a", "view", 10**9, 1, "7", 1, 0.5, {"device": "phone", "day": 1}),
        Event("u", "b", "", 10**9 + 5, 1, "", None, None, {"day": 2}),
        Event("v", "a", "buy", 10**9 + 7, 1, "8", 3, 1.0, {"device": "desk"}),
        Event("v", "c", "", 10**9 + 9, 1, "8", 2, None, {"device": "desk", "day": 4}),
    ]
    assert log.frame().schema["device"] == pl.String


# a reader takes larger numbers for milliseconds, and texts of digits for numbers
@given(event_lists(texts=WORDS, times=st.integers(-(10**7), 10**7), min_size=1))
def test_any_log_comes_back_from_its_frame(events: list[Event]) -> None:
    log = Interactions.of_events(events)
    context = () if log.context is None else tuple(log.context.columns)
    back = read_frames(log.frame(), settings=DataSettings(context_columns=context)).interactions
    assert back.events() == events


@given(event_lists())
def test_any_log_comes_back_from_the_arrays_of_a_run(events: list[Event]) -> None:
    assert log_of(arrays_of(Interactions.of_events(events))).events() == events


def test_guessed_columns_that_make_no_sense_are_left_unused() -> None:
    data = read_frames(
        pl.DataFrame({**PLAIN, "slot": [0, 1, 2, 3], "propensity": [0.5, 1.5, -1.0, 1.0]})
    )
    assert (data.interactions.position, data.interactions.propensity) == (None, None)
    said = " ".join(data.guesses)
    assert '"slot" of interactions was not used: 1 row with a position' in said
    assert '"propensity" of interactions was not used: 2 rows with a propensity' in said


def test_named_columns_that_make_no_sense_are_refused_or_left_out() -> None:
    columns = {"x": [0, 1, 20, None], "y": [0.5, 1.5, 1.0, 0.1]}
    named = {"position_column": "x", "propensity_column": "y"}
    with pytest.raises(BadInput, match="row 2") as caught:
        _log(DataSettings(propensity_column="y"), **columns)
    assert caught.value.next_step.endswith('drop = ["bad-propensities"]')
    with pytest.raises(BadInput, match="a position that is no whole number"):
        _log(DataSettings(position_column="x"), **columns)
    log = _log(DataSettings(drop=("bad-positions", "bad-propensities"), **named), **columns)
    assert log.position is not None
    assert log.propensity is not None
    assert log.position.tolist() == [20, 0]
    assert log.propensity.tolist() == [1.0, np.float32(0.1)]


def test_columns_of_the_context_have_no_other_role() -> None:
    log = _log(DataSettings(context_columns=("event",)), event=["a", "b", "a", "b"])
    assert log.action is None
    assert log.context is not None
    assert log.context["event"].to_list() == ["a", "b", "a", "b"]


@pytest.mark.parametrize("name", ["timestamp", "tags", "nope"])
def test_odd_columns_of_the_context_are_refused(name: str) -> None:
    with pytest.raises(BadRecipe) as caught:
        _log(DataSettings(context_columns=(name,)), tags=[["x"], [], [], []])
    assert caught.value.where == "data.context_columns"


def test_values_by_action() -> None:
    settings = DataSettings(action_values={"view": 1, "buy": 5, "gift": 2})
    columns = {"event": ["view", "buy", None, "view"], "rating": [9.0, 9.0, 9.0, 9.0]}
    data = read_frames(pl.DataFrame({**PLAIN, **columns}), settings=settings)
    assert data.interactions.value.tolist() == [1, 5, 1, 1]
    assert (
        "Each event of interactions counts by its action: view = 1, buy = 5, gift = 2."
        in data.guesses
    )


@pytest.mark.parametrize(
    ("settings", "columns", "match"),
    [
        (DataSettings(action_values={"view": 1}), {}, "no column of actions"),
        (
            DataSettings(action_values={"vew": 1, "buy": 5}),
            {"event": ["view", "buy", "view", "view"]},
            'no value for the action "view"',
        ),
        (
            DataSettings(action_values={"view": 1}, value_column="stars"),
            {"event": ["view"] * 4, "stars": [1, 2, 3, 4]},
            "both value_column and action_values",
        ),
    ],
)
def test_values_by_action_that_cannot_be(
    settings: DataSettings, columns: dict[str, list[Any]], match: str
) -> None:
    with pytest.raises(BadRecipe, match=match) as caught:
        _log(settings, **columns)
    assert caught.value.where == "data.action_values"
    assert caught.value.next_step


def test_actions_are_counted() -> None:
    columns = {**PLAIN, "event": ["view", "buy", "view", None]}
    assert describe(read_frames(pl.DataFrame(columns)))["actions"] == {"view": 2, "buy": 1}
    assert describe(read_frames(pl.DataFrame(PLAIN)))["actions"] == {}


def test_open_bandit(data_folder: Callable[[str], Path]) -> None:
    settings = DataSettings(
        interactions="random_men.parquet",
        user_column="user_feature_0",
        context_columns=("user_feature_1", "user_feature_2"),
    )
    data = read(settings, data_folder("open-bandit"))
    log = data.interactions
    assert log.position is not None
    assert log.propensity is not None
    assert log.context is not None
    assert np.bincount(log.position)[0] == 0
    assert set(log.position.tolist()) == {1, 2, 3}
    # the uniform policy shows each of the 34 items with the same probability
    assert log.propensity == pytest.approx(1 / 34, abs=1e-5)
    assert log.context.columns == ["user_feature_1", "user_feature_2"]
    assert 0 < log.value.mean() < 0.01
    assert "propensity_score" in " ".join(data.guesses)


def test_mind_impressions(data_folder: Callable[[str], Path]) -> None:
    frame = pl.read_parquet(data_folder("mind-sample") / "behaviors.parquet").head(500)
    log = frame.explode("candidates", "clicks").select(
        "impression_id", "user_id", "timestamp", news_id="candidates", click="clicks"
    )
    read_log = read_frames(log).interactions
    assert read_log.request is not None
    assert len(read_log.request.names) == frame["impression_id"].n_unique()
    assert read_log.take(np.arange(3)).events()[2].request == str(frame["impression_id"][0])


@pytest.mark.parametrize(
    ("name", "file", "time"),
    [
        ("amazon-beauty", "interactions.parquet", "position"),
        ("amazon-sports", "interactions.parquet", "position"),
        ("yoochoose-sessions", "interactions.parquet", "timestamp_ms"),
        ("cn-ecommerce", "ratings.parquet", "timestamp"),
    ],
)
def test_older_files_are_read_as_before(
    data_folder: Callable[[str], Path], name: str, file: str, time: str
) -> None:
    frame = pl.read_parquet(data_folder(name) / file)
    roles = log_roles(Table(file, frame))
    assert roles.time == time
    found = (roles.action, roles.request, roles.position, roles.propensity)
    assert found == (None,) * 4


@pytest.mark.parametrize("role", [ACTION, REQUEST, POSITION, PROPENSITY])
def test_the_page_lists_the_names_that_are_understood(role: str, repository: Path) -> None:
    page = (repository / "docs" / "events.md").read_text(encoding="utf-8")
    assert f"| `{role}` | {', '.join(ALIASES[role])} |" in page.splitlines()
