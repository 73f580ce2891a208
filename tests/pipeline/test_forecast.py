"""What a run would take is counted before anything is fitted, and grows as the work does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import palate
from palate import registry, work
from palate.capabilities import Bounded, Costed
from palate.cli.main import main
from palate.encode.plan import Plan
from palate.errors import PalateError, Refused
from palate.pipeline import forecast, rates
from palate.pipeline.forecast import LATE, Forecast, ForecastRow, forecast_of, size_of
from palate.pipeline.sizes import fitting
from palate.progress import Silent
from palate.recipe.propose import guessed_recipe
from palate.recipe.recipe import parse
from palate.recipe.settings import BudgetSettings
from palate.registry import part_class, spec
from palate.tables import Dataset
from palate.testing.logs import made_log
from palate.work import LogSize, Rate, keep_rates, known_rates

SIZE = LogSize(events=100_000, users=5_000, items=3_000, pairs=3e6, cases=4_000, width=50)
COSTED = [n for n in registry.names("scorer") if issubclass(part_class(n), Costed)]
BOUNDED = [n for n in registry.names("scorer") if issubclass(part_class(n), Bounded)]


@pytest.fixture
def data(frames: tuple[pl.DataFrame, pl.DataFrame]) -> Dataset:
    return palate.read(*frames).data


@pytest.fixture(autouse=True)
def no_rates_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PALATE_CACHE", str(tmp_path / "cache"))


def needed(name: str, size: LogSize) -> work.Work:
    part: Any = part_class(name)
    return part.work(spec({"part": name}, "scorer").settings, size)


@pytest.mark.parametrize("name", COSTED)
def test_more_of_anything_is_never_less_work(name: str) -> None:
    before = needed(name, SIZE)
    assert min(before.fit, before.score, before.memory) > 0
    larger = [
        replace(SIZE, events=2 * SIZE.events, pairs=4 * SIZE.pairs),
        replace(SIZE, items=2 * SIZE.items),
        replace(SIZE, cases=2 * SIZE.cases),
    ]
    grown = [needed(name, size) for size in larger]
    assert all(g.fit >= before.fit and g.memory >= before.memory for g in grown)
    # twice the items share the same pairs, so that each is compared with fewer
    assert grown[1].score >= before.score / (2 if name == "model.cooccurrence.v1" else 1)
    assert max(g.fit for g in grown) > before.fit


@pytest.mark.parametrize("name", COSTED)
def test_every_counted_part_has_a_rate(name: str) -> None:
    found = known_rates()
    assert not found.measured
    assert found.fit_seconds(name, needed(name, SIZE))
    assert found.score_seconds(name, needed(name, SIZE), 1)


def test_rates_of_this_machine_count_before_those_of_another() -> None:
    keep_rates({"model.ease.v2": Rate(1.0, 2.0)})
    found = known_rates()
    assert found.measured
    assert found.parts["model.ease.v2"] == Rate(1.0, 2.0)
    assert "model.item_knn.v2" in found.parts
    path = work.keep_rates({})
    path.write_text("damaged", encoding="utf-8")
    assert not known_rates().measured


def test_the_size_of_a_log() -> None:
    log = made_log()
    size = size_of(log)
    lengths = [int((log.user == user).sum()) for user in range(log.n_users)]
    assert size.events == len(log)
    assert size.users == sum(n > 0 for n in lengths)
    assert size.pairs == sum(n * n for n in lengths)


def foreseen(data: Dataset, **table: Any) -> Forecast:
    return forecast_of(parse(guessed_recipe(data) | table, Path()), data)


def test_a_choice_names_what_there_is_no_time_for(data: Dataset) -> None:
    whole, short = foreseen(data), foreseen(data, budget={"seconds": 1e-9})
    tried = [row for row in whole.rows if row.stage == "try"]
    assert {"popularity", "ease", "item-knn"} <= {row.name for row in tried}
    assert not any(row.note == LATE for row in tried)
    assert all(r.note == LATE for r in short.rows if r.stage == "try" and r.seconds)
    assert any("less is tried" in said for said in short.sentences())
    assert whole.everything == pytest.approx(sum(r.seconds or 0.0 for r in whole.rows))


def test_a_run_keeps_to_its_budget_but_for_what_is_never_left_out(data: Dataset) -> None:
    free = replace(parse(guessed_recipe(data), Path()), budget=BudgetSettings())
    assert forecast_of(free, data).seconds == forecast_of(free, data).everything
    recipe = parse(guessed_recipe(data) | {"budget": {"seconds": 500.0}}, Path())
    fit = ForecastRow("fit", "", 1_000.0)
    spared = forecast_of(recipe, data, (fit,))
    assert spared.everything > 1_000
    assert spared.seconds == 500
    assert "takes about 500 s." in spared.sentences()[1]
    late = forecast_of(recipe, data, (replace(fit, stage="read"), fit))
    assert 1_349 < late.seconds < late.everything


def test_ranking_more_users_takes_longer(data: Dataset) -> None:
    few, all_of_them = foreseen(data, evaluate={"users": 5}), foreseen(data)
    seconds = [next(r.seconds for r in f.rows if r.stage == "rank") for f in (few, all_of_them)]
    assert seconds[0] == pytest.approx(5 / data.interactions.n_users * (seconds[1] or 0.0))


def test_a_long_log_is_tried_on_some_users_first(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    stages = {row.stage for row in foreseen(data).rows}
    assert "try" in stages
    monkeypatch.setattr(forecast, "SAMPLE_EVENTS", len(data.interactions) // 2)
    longer = {row.stage for row in foreseen(data).rows}
    assert longer - stages == {"try on some users", "try on all users"}


def test_the_usual_language_model_has_a_pace_before_it_was_used() -> None:
    usual = spec({"part": "text.transformer.v1", "fields": ["title"]}, "encoder")
    other = spec({"part": "text.transformer.v1", "fields": ["title"], "model": "x"}, "encoder")
    new = Plan(to_compute=10, tokens=1_000)
    known = forecast._encoding_seconds(usual, new)
    assert known is not None
    assert known > forecast.LOADED
    assert forecast._encoding_seconds(other, new) is None
    assert forecast._encoding_seconds(usual, replace(new, seconds=3.0)) == 3.0
    assert forecast._encoding_seconds(usual, replace(new, to_compute=0)) == 0.0


def test_a_fusion_is_fitted_again_without_features_and_with_controls(data: Dataset) -> None:
    models = {
        "ids": {"part": "model.ease.v2"},
        "words": {"part": "model.text_kernel.v2", "block": "text.tfidf"},
        "both": {"part": "model.blend.v1", "members": ["ids", "words"], "prior": True},
    }
    block = guessed_recipe(data)["blocks"]["text.tfidf"]
    table = {"blocks": {"text.tfidf": block}, "models": models}
    recipe = parse(guessed_recipe(data) | table, Path())
    found = forecast_of(replace(recipe, choose=None), data)
    notes = {row.name: row.note for row in found.rows if row.stage == "fit and rank"}
    assert notes == {"ids": "", "words": "", "both": "4 times"}


def test_a_part_that_does_not_say_is_no_error(data: Dataset) -> None:
    models = {"chance": {"part": "model.random.v1"}}
    recipe = parse({"models": models, "split": {"part": "split.leave_last_out.v1"}}, Path())
    row = next(r for r in forecast_of(recipe, data).rows if r.stage == "fit and rank")
    assert (row.name, row.seconds, row.note) == ("chance", None, "its cost is not known")


def test_a_dry_run_fits_and_writes_nothing(
    frames: tuple[pl.DataFrame, pl.DataFrame],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, frame in zip(("log.csv", "items.csv"), frames, strict=True):
        lists = [c for c in frame.columns if frame[c].dtype == pl.List(pl.String)]
        frame.with_columns(pl.col(c).list.join("|") for c in lists).write_csv(tmp_path / name)
    assert main(["init", "log.csv", "items.csv", "--quiet"]) == 0
    before = sorted(p.name for p in tmp_path.iterdir())
    capsys.readouterr()
    assert main(["run", "recipe.toml", "--dry-run", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["events"] == len(frames[0])
    stages = ["read", "encode", "try", "fuse", "rank", "look at validation cases"]
    stages += ["check, split, write", "report"]
    assert stages == list(dict.fromkeys(row["stage"] for row in said["rows"]))
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "cache") == before


def test_a_machine_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"USERS": 150, "ITEMS": 60, "CASES": 60}.items():
        monkeypatch.setattr(rates, name, value)
    assert main(["doctor", "--measure", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert {"model.ease.v2", "model.ials.v2", "model.blend.v1"} <= set(said["parts"])
    found = known_rates()
    assert found.measured
    assert all(rate.fit > 0 and rate.score > 0 for rate in found.parts.values())


@pytest.mark.parametrize("name", BOUNDED)
def test_what_is_too_large_is_replaced_or_refused_before_anything_is_encoded(name: str) -> None:
    models = {"large": {"part": name, "l2": 77.0}}
    table = {"models": models, "split": {"part": "split.leave_last_out.v1"}}
    if name == "model.l3ae.v1":
        models["large"]["block"] = "b"
        table["blocks"] = {"b": {"part": "text.tfidf.v1", "fields": ["title"]}}
    recipe = parse(table, Path())
    assert fitting(recipe, 1_000) == (recipe, ())
    if name == "model.ease.v1":
        now, said = fitting(recipe, 200_000)
        assert (now.models["large"].name, now.models["large"].settings.l2) == (
            "model.ease.v2",
            77.0,
        )
        assert said == (
            "large: model.ease.v1 is too large for 200,000 items, so model.ease.v2 was taken.",
        )
    else:
        with pytest.raises(Refused, match=r"models\.large\.memory_gib: 200000 items need"):
            fitting(recipe, 200_000)


def test_all_that_is_too_large_is_named_at_once() -> None:
    models = {"one": {"part": "model.slist.v1"}, "two": {"part": "model.tale.v1"}}
    recipe = parse({"models": models, "split": {"part": "split.leave_last_out.v1"}}, Path())
    with pytest.raises(PalateError) as raised:
        fitting(recipe, 200_000)
    assert "models.one.memory_gib" in str(raised.value)
    assert "models.two.memory_gib" in str(raised.value)


def test_rates_need_only_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "USERS", 100)
    monkeypatch.setattr(rates, "ITEMS", 50)
    monkeypatch.setattr(rates, "CASES", 50)

    def broken(name: str) -> Any:
        raise Refused(f"{name} cannot be fitted")

    monkeypatch.setattr(
        rates,
        "_spec",
        lambda name: (
            broken(name)
            if "ease" in name
            else spec(
                {"part": name, **({"members": list(rates.MEMBERS)} if "blend" in name else {})},
                "scorer",
            )
        ),
    )
    found = rates.measured_rates(Silent())
    assert "model.popularity.v1" in found
    assert not any("ease" in name for name in found)
