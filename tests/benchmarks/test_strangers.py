"""The benchmark with the peers: what of it is ours to get wrong."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import polars as pl
import pytest

from palate.arrays import Ragged
from palate.tables import FeatureTable, Histories, Training
from palate.testing.scorer import made_training


@pytest.fixture(scope="module")
def peers(repository: Path) -> dict[str, ModuleType]:
    pytest.importorskip("threadpoolctl")
    if str(repository / "benchmarks") not in sys.path:
        sys.path.append(str(repository / "benchmarks"))
    names = ("id_models", "content_models", "two_stage", "contest", "made_logs")
    return {name: importlib.import_module(f"peers.{name}") for name in names}


@pytest.fixture(scope="module")
def benchmark(peers: dict[str, ModuleType], repository: Path) -> ModuleType:
    file = repository / "benchmarks" / "quality" / "strangers.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_peers", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_what_peers_answered_is_kept_for_one_split(
    peers: dict[str, ModuleType], benchmark: ModuleType, tmp_path: Path
) -> None:
    answer = peers["contest"].Answer
    given = [answer("A", "x 1", 0.1, np.array([0.0, 1.0]), 3, 2.5), answer("B", why="too large")]
    benchmark._keep(given, "digest", tmp_path / "peers.npz")
    assert benchmark._opened(tmp_path / "peers.npz", "another") is None
    first, second = benchmark._opened(tmp_path / "peers.npz", "digest")
    assert first.per_case.tolist() == [0.0, 1.0]
    assert (first.chosen, first.tried, first.seconds) == ("x 1", 3, 2.5)
    assert (second.name, second.why, second.per_case) == ("B", "too large", None)


def test_a_set_without_an_answer_does_not_hold(benchmark: ModuleType) -> None:
    rows = [{"set": name, "verdict": "above"} for name in list(benchmark.SETS)[:12]]
    assert benchmark._claims(rows)[0]["holds"]
    assert benchmark._claims([*rows, {"set": "made: music", "verdict": "below"}])[0]["holds"]
    assert not benchmark._claims(rows[:9])[0]["holds"]
    assert not benchmark._claims([*rows, {"set": "yelp", "verdict": "below"}])[0]["holds"]


def test_the_verdict_is_of_the_paired_difference(
    peers: dict[str, ModuleType], benchmark: ModuleType
) -> None:
    rng = np.random.default_rng(0)
    base = rng.random(200)
    histories = Histories(
        np.arange(200, dtype=np.int32), Ragged.of([[]] * 200), np.empty(0, np.float32)
    )
    asked = SimpleNamespace(test=SimpleNamespace(histories=histories))
    verdicts = []
    for gain in (0.1, 0.0, -0.1):
        ours = benchmark.Ours("ease", base + gain + 0.01 * rng.standard_normal(200), 1.0, 1.0)
        theirs = peers["contest"].Answer("A", per_case=base)
        verdicts.append(benchmark._compared(ours, theirs, asked)["verdict"])
    assert verdicts[0::2] == ["above", "below"]
    assert verdicts[1] == "within noise"


def plain(training: Training) -> Training:
    return Training(training.log, FeatureTable(training.log.items), training.validation)


def test_ease_is_the_inverse_of_the_gram_matrix(peers: dict[str, ModuleType]) -> None:
    training = plain(made_training())
    X = training.log.matrix().toarray().astype(np.float64)
    P = np.linalg.inv(X.T @ X + 10 * np.eye(X.shape[1]))
    B = P / -np.diag(P)
    np.fill_diagonal(B, 0)
    model = peers["id_models"]._ease(training, 10.0)
    there = np.unique(training.log.item)
    histories = training.validation.histories
    expected = histories.matrix(X.shape[1]) @ B
    assert np.allclose(model.score(histories)[:, there], expected[:, there], atol=1e-4)


def test_items_that_training_never_saw_come_last(peers: dict[str, ModuleType]) -> None:
    training = plain(made_training())
    kept = np.flatnonzero(training.log.item != 3)
    fewer = Training(training.log.take(kept), training.features, training.validation)
    scores = peers["id_models"]._ease(fewer, 10.0).score(training.validation.histories)
    assert np.all(scores.argmin(axis=1) == 3)


@pytest.mark.parametrize(
    ("values", "least"),
    [((1, 2, 3, 4, 5), 3), ((-10.0, 2.5, 10.0), 0), ((1, 1, 1), None), (range(1, 99), None)],
)
def test_liked_is_above_the_middle_of_a_scale(
    peers: dict[str, ModuleType], values: tuple[float, ...], least: float | None
) -> None:
    from palate.data.assemble import read_frames

    frame = pl.DataFrame({"user_id": 1, "item_id": range(len(values)), "rating": list(values)})
    found = peers["id_models"].liked_from(read_frames(frame).interactions)
    assert found == (None if least is None else pytest.approx(least, abs=1e-5))
    assert least is None or found > least


def test_two_stages_put_unseen_candidates_first(peers: dict[str, ModuleType]) -> None:
    pytest.importorskip("lightgbm")
    training = plain(made_training())
    model = peers["id_models"]._ease(training, 10.0)
    catalogue = pl.DataFrame({"price": np.arange(training.log.n_items) * 1.0})
    from palate.tables import Catalogue

    facts = peers["two_stage"].Facts.of(training.log, Catalogue(training.log.items, catalogue))
    assert facts.columns.shape[0] == training.log.n_items
    stage = peers["two_stage"].two_stage([model], None, facts, training.validation)
    scores = stage.score(training.validation.histories)
    assert np.isfinite(scores).all()
    assert scores.shape == (len(training.validation), training.log.n_items)


def test_words_score_nothing_for_an_empty_history(peers: dict[str, ModuleType]) -> None:
    from palate.arrays import Ragged
    from palate.tables import Catalogue, Vocabulary

    titles = ["red lamp desk", "blue lamp desk", "green chair oak", "old chair oak", "red sofa"]
    catalogue = Catalogue(Vocabulary(tuple("abcde")), pl.DataFrame({"title": titles}))
    words = peers["content_models"].Words.of(catalogue)
    scores = words.score(Histories.of_items(Ragged.of([[], [0]])))
    assert not scores[0].any()
    assert scores[1].argmax() == 0
    assert scores[1, 1] > scores[1, 3]


@pytest.mark.parametrize("name", ["made: games", "made: jokes"])
def test_made_logs_are_the_same_each_time(
    peers: dict[str, ModuleType], name: str, tmp_path: Path
) -> None:
    first = [f.read_bytes() for f in peers["made_logs"].made(name, tmp_path / "a")]
    again = [f.read_bytes() for f in peers["made_logs"].made(name, tmp_path / "b")]
    assert first == again
