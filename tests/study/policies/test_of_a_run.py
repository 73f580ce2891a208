"""A run's policy among simulated people, in Python and from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

import palate
from palate.cli.main import main
from palate.data.worlds.audience import AUDIENCES, Audience, AudienceSettings
from palate.data.worlds.kinds import staying_with_a_kind
from palate.errors import BadInput, Refused
from palate.runs.open import open_run
from palate.seeding import generator
from palate.study.policies.of_a_run import RIVALS, SimulationSettings, compared

QUICK = SimulationSettings(steps=3, seeds=2, items=12)


@pytest.fixture(scope="module")
def shop() -> tuple[pl.DataFrame, pl.DataFrame]:
    return staying_with_a_kind(generator(1, "shop"), 0.5, n_users=60, n_items=40)


def run_with(shop: tuple[pl.DataFrame, pl.DataFrame], folder: Path, **policy: object) -> Path:
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"fields": {"part": "structured.fields.v1", "fields": ["kind", "price"]}},
        "models": {"ids": {"part": "model.cooccurrence.v1"}},
        "evaluate": {"controls": False},
        **({"policy": policy} if policy else {}),
    }
    palate.run(palate.read(*shop), recipe, folder=folder)
    return folder


@pytest.fixture(scope="module")
def drawn(
    shop: tuple[pl.DataFrame, pl.DataFrame], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    folder = tmp_path_factory.mktemp("simulate") / "run"
    return run_with(shop, folder, part="policy.lin_ucb.v1", alpha=0.5, blocks=["fields"])


def test_every_policy_in_every_world(drawn: Path) -> None:
    found = compared(open_run(drawn), QUICK)
    assert len(found) == len(AUDIENCES) * len(RIVALS)
    assert [one.policy for one in found if one.own] == ["policy.lin_ucb.v1"] * len(AUDIENCES)
    assert all(one.regret >= 0 and one.clicks > 0 for one in found)
    assert found == compared(open_run(drawn), QUICK)


def test_on_the_command_line(drawn: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", str(drawn), "--steps", "2", "--seeds", "1", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["world"] for row in rows} == set(AUDIENCES)
    assert rows[0]["error"] is None
    assert main(["simulate", str(drawn), "--steps", "2", "--seeds", "2"]) == 0
    assert "made up" in capsys.readouterr().out
    assert main(["simulate", str(drawn), "--steps", "0"]) == 2
    assert "--steps" in capsys.readouterr().err


def test_a_run_without_a_policy_or_without_blocks(
    shop: tuple[pl.DataFrame, pl.DataFrame], tmp_path: Path
) -> None:
    with pytest.raises(Refused, match="no policy"):
        compared(open_run(run_with(shop, tmp_path / "none")), QUICK)
    plain = run_with(shop, tmp_path / "plain", part="policy.softmax.v1")
    with pytest.raises(Refused, match="no block"):
        compared(open_run(plain), QUICK)


def test_items_of_another_shape_are_refused() -> None:
    with pytest.raises(BadInput, match="items"):
        Audience(AudienceSettings(), 1, generator(0, "t").normal(size=(3, 2)))
