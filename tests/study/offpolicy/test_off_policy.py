"""`palate ope` from a file to a verdict."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import palate
from palate.cli.main import main
from palate.errors import BadInput, SeveralProblems
from palate.policy.drawn import drawn_lists
from palate.policy.softmax import Softmax, SoftmaxSettings
from palate.runs.open import open_run
from palate.seeding import generator
from palate.study.offpolicy.rounds import RoundColumns, read_rounds
from palate.study.offpolicy.study import OffPolicySettings, off_policy
from palate.tables import Histories, Offers

N_ITEMS, N_USERS, N_ROUNDS = 12, 300, 6000


@dataclass(frozen=True)
class Shop:
    """A run, a log of a policy over its model, and what a sharper policy would bring."""

    run: Path
    log: Path
    policy: Path
    truth: float


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder, rng = tmp_path_factory.mktemp("shop"), generator(0, "off-policy shop")
    share = np.arange(N_ITEMS, 0, -1) / (N_ITEMS * (N_ITEMS + 1) / 2)
    items = np.concatenate([rng.choice(N_ITEMS, 4, replace=False, p=share) for _ in range(N_USERS)])
    clicks = pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in np.repeat(np.arange(N_USERS), 4)],
            "item_id": [f"i{i}" for i in items],
            "timestamp": np.tile(np.arange(4), N_USERS) + 1_000,
        }
    )
    recipe = {
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"popularity": {"part": "model.popularity.v1"}},
        "evaluate": {"metrics": ["ndcg@10"], "controls": False},
    }
    palate.run(palate.read(clicks), recipe, folder=folder / "run")
    run = open_run(folder / "run")
    user = np.repeat(np.arange(N_USERS), N_ROUNDS // N_USERS).astype(np.int32)
    ids = run.data.interactions.users.known_rows([f"u{u}" for u in user])
    scores = run.scorer("popularity").score(Histories.of(run.data.interactions, ids))
    offers = Offers(np.asarray(scores, np.float32))
    names = run.data.catalogue.items.ids
    chance = np.array([0.1 + 0.04 * (int(name[1:]) % 5) for name in names])
    drawn = drawn_lists(Softmax(SoftmaxSettings(2.0)), offers, 1, rng)
    item = drawn.columns[:, 0]
    pl.DataFrame(
        {
            "user_id": [f"u{u}" for u in user],
            "item_id": [names[i] for i in item],
            "click": (rng.random(N_ROUNDS) < chance[item]).astype(int),
            "propensity": drawn.propensities[:, 0],
            "timestamp": 5_000 + np.arange(N_ROUNDS),
        }
    ).write_csv(folder / "shown.csv")
    wanted = Softmax(SoftmaxSettings(1.0)).probabilities(offers, rng)
    policy = folder / "sharper.toml"
    policy.write_text(
        'run = "run"\nmodel = "popularity"\n[policy]\npart = "policy.softmax.v1"\n'
        "temperature = 1.0\n"
    )
    return Shop(folder / "run", folder / "shown.csv", policy, float((wanted @ chance).mean()))


def test_the_truth_is_in_the_interval(shop: Shop) -> None:
    found = off_policy(shop.log, str(shop.policy), None, OffPolicySettings(resamples=100))
    assert found.card.verdict == "ok"
    for name in ("ips", "snips", "beta_ips", "dr", "sndr"):
        estimate = found.card.estimates[name]
        assert estimate.low <= shop.truth <= estimate.high, name
        low, high = found.drawn[name]
        assert high - low == pytest.approx(estimate.high - estimate.low, rel=0.3)
    assert found.card.mean_weight.value == pytest.approx(1, abs=0.05)
    assert found.columns["reward"] == "click"
    assert "policy.softmax.v1 over popularity" in found.sentence


def test_a_run_by_itself_is_a_policy(shop: Shop) -> None:
    assert off_policy(shop.log, str(shop.run)).policy.startswith("policy.softmax.v1 over")


def test_the_policy_at_work_brings_what_the_log_brought(shop: Shop, tmp_path: Path) -> None:
    same = tmp_path / "same.toml"
    same.write_text(
        f'run = "{shop.run}"\n[policy]\npart = "policy.softmax.v1"\ntemperature = 2.0\n'
    )
    found = off_policy(shop.log, str(same))
    assert found.lift.low < 0 < found.lift.high
    assert abs(found.lift.value) < 0.005
    assert found.card.effective == pytest.approx(N_ROUNDS)


def test_uniform(shop: Shop) -> None:
    assert off_policy(shop.log, "uniform").card.estimates["ips"].value > 0


def test_counted_propensities_are_weak_evidence(shop: Shop, tmp_path: Path) -> None:
    bare = tmp_path / "bare.csv"
    pl.read_csv(shop.log).drop("propensity").write_csv(bare)
    with pytest.raises(BadInput, match="estimate-propensities"):
        off_policy(bare, "uniform")
    found = off_policy(bare, "uniform", None, OffPolicySettings(estimate=True))
    assert found.card.verdict == "weak"
    assert found.sentence.startswith("weak evidence")


def test_what_the_log_cannot_tell_is_refused_without_a_number(shop: Shop, tmp_path: Path) -> None:
    frame = pl.read_csv(shop.log)
    spoilt = tmp_path / "spoilt.csv"
    frame.with_columns(propensity=pl.col("propensity").clip(upper_bound=0.02)).write_csv(spoilt)
    found = off_policy(spoilt, str(shop.policy))
    assert found.card.verdict == "refused"
    assert found.card.estimates == {}
    assert np.isnan(found.lift.value)
    assert found.sentence.startswith("this log cannot tell what ")
    forced = off_policy(spoilt, str(shop.policy), None, OffPolicySettings(force=True))
    assert forced.card.estimates
    assert forced.sentence.startswith("no evidence")


class TestCommand:
    def test_tables_and_sentence(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ope", str(shop.log), "--policy", str(shop.policy)]) == 0
        out = capsys.readouterr().out
        assert "effective rounds" in out
        assert "would bring" in out

    def test_json(self, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
        code = main(["ope", str(shop.log), "--policy", "uniform", "--json", "--resamples", "20"])
        assert code == 0
        assert '"verdict": "ok"' in capsys.readouterr().out

    def test_a_refusal_is_told_with_exit_code_2(
        self, shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        few = tmp_path / "few.csv"
        pl.read_csv(shop.log).head(100).write_csv(few)
        assert main(["ope", str(few), "--policy", "uniform"]) == 2
        captured = capsys.readouterr()
        assert "dr" not in captured.out.split()
        assert "cannot tell" in captured.err
        assert main(["ope", str(few), "--policy", "uniform", "--force"]) == 0
        assert "no evidence" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (["--column", "reward"], "WHAT=NAME"),
            (["--column", "prize=click"], "WHAT=NAME"),
            (["--column", "reward=prize"], 'no column "prize"'),
        ],
    )
    def test_columns(
        self, shop: Shop, given: list[str], said: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert main(["ope", str(shop.log), "--policy", "uniform", *given]) == 2
        assert said in capsys.readouterr().err


class TestRounds:
    def test_every_missing_column_at_once(self, tmp_path: Path) -> None:
        file = tmp_path / "log.csv"
        file.write_text("a,b\n1,2\n")
        with pytest.raises(SeveralProblems) as caught:
            read_rounds(file, RoundColumns())
        for what in ("item_id", "reward", "propensity"):
            assert f"the {what}" in str(caught.value)

    @pytest.mark.parametrize(
        ("row", "said"),
        [
            ("a,x,0.5,1", 'row 2 (line 3): "x" in click'),
            ("a,1,zero,1", '"zero" in propensity'),
            (",1,0.5,1", "no item"),
            ("a,1,0.5,0", "position 0"),
        ],
    )
    def test_values(self, tmp_path: Path, row: str, said: str) -> None:
        file = tmp_path / "log.csv"
        file.write_text(f"item_id,click,propensity,position\nb,1,0.5,1\n{row}\n")
        with pytest.raises(BadInput) as caught:
            read_rounds(file, RoundColumns())
        assert said in str(caught.value)

    def test_yes_and_no_and_nobody(self, tmp_path: Path) -> None:
        file = tmp_path / "log.csv"
        file.write_text("item,clicked,pscore,user\na,true,0.5,\nb,false,0.25,\na,true,0.5,u\n")
        found = read_rounds(file, RoundColumns())
        assert found.reward.tolist() == [1.0, 0.0, 1.0]
        assert len(set(found.user.tolist())) == 3


class TestPolicies:
    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("run = ", "no TOML"),
            ('model = "m"', "names no run"),
            ('run = "r"\nmodle = "m"', 'unknown key "modle"'),
        ],
    )
    def test_files(self, shop: Shop, tmp_path: Path, text: str, said: str) -> None:
        policy = tmp_path / "policy.toml"
        policy.write_text(text)
        with pytest.raises(BadInput, match=said):
            off_policy(shop.log, str(policy))

    def test_no_such_policy(self, shop: Shop) -> None:
        with pytest.raises(BadInput, match="no policy"):
            off_policy(shop.log, "unifrom")

    def test_a_log_of_another_catalogue(self, shop: Shop, tmp_path: Path) -> None:
        log = tmp_path / "other.csv"
        pl.read_csv(shop.log).with_columns(item_id=pl.lit("z")).write_csv(log)
        with pytest.raises(BadInput, match="none of the items"):
            off_policy(log, str(shop.run))
