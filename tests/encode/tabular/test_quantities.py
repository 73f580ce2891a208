import datetime

import numpy as np
import polars as pl
import pytest

from palate.encode.tabular.quantities import Number, Timestamp, Writing, seconds_of


def read(reader, values, dtype=None):
    return {name: v.tolist() for name, v in reader.read(pl.Series("f", values, dtype=dtype))}


def test_numbers():
    out = read(Number("f"), ["1.5", "x", None])["f"]
    assert out[0] == 1.5
    assert np.isnan(out[1:]).all()
    assert read(Number("f"), [True, False])["f"] == [1, 0]


def test_ages_are_counted_back_from_the_newest_training_item():
    day = datetime.date
    reader = Timestamp.learn(pl.Series("f", [day(2020, 1, 1), day(2021, 1, 1), None]))
    out = read(reader, [day(2020, 1, 1), day(2022, 1, 1), None], pl.Date)
    assert out["f age in years"][:2] == pytest.approx([366 / 365.2425, -365 / 365.2425])
    assert np.isnan(out["f age in years"][2])
    assert "f hour sine" not in out


def test_seasons_and_hours_are_circles():
    moments = [
        datetime.datetime(2019, 12, 31, 23, 59),
        datetime.datetime(2020, 1, 1, 0, 1),
        datetime.datetime(2020, 7, 1),
    ]
    out = read(Timestamp.learn(pl.Series("f", moments)), moments)
    season = np.column_stack([out["f season sine"], out["f season cosine"]])
    hour = np.column_stack([out["f hour sine"], out["f hour cosine"]])
    assert (
        np.linalg.norm(season[0] - season[1]) < 0.01 < 1.9 < np.linalg.norm(season[0] - season[2])
    )
    assert np.linalg.norm(hour[0] - hour[1]) < 0.01


def test_moments_in_all_their_spellings():
    expected = 1577880000.0
    assert seconds_of(
        pl.Series(["2020-01-01T12:00:00Z", "2020-01-01 12:00:00", "2020-01-01", "no"])
    )[:2].tolist() == [
        expected,
        expected,
    ]
    assert np.isnan(seconds_of(pl.Series(["no", None, "2020-13-01"]))).all()
    assert seconds_of(pl.Series([datetime.datetime(2020, 1, 1, 12)])).tolist() == [expected]
    assert seconds_of(pl.Series([1577880000])).tolist() == [expected]


def test_what_can_be_counted_in_a_text():
    out = read(Writing("f"), ["Red Wine 12", None, ""])
    assert out["f: characters"][0] == pytest.approx(np.log1p(11))
    assert out["f: words"][0] == pytest.approx(np.log1p(3))
    assert out["f: capitals"][0] == pytest.approx(2 / 11)
    assert out["f: digits"][0] == pytest.approx(2 / 11)
    assert all(np.isnan(v[1:]).all() for v in out.values())


def test_texts_of_lists_are_counted_too():
    assert read(Writing("f"), [["a b", "c"]])["f: words"][0] == pytest.approx(np.log1p(3))
