"""What all tests share: where real data lies, a cache of their own, and one profile for property tests."""

from __future__ import annotations

import os

# Two test workers on two cores: more threads in each would only get in each other's way. Set before numpy loads.
for _threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS"):
    os.environ.setdefault(_threads, "1")

from collections.abc import Callable, Iterator  # noqa: E402
from pathlib import Path  # noqa: E402

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

ROOT = Path(__file__).parent.parent

settings.register_profile(
    "palate",
    deadline=None,
    max_examples=60,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("palate")


@pytest.fixture(scope="session")
def repository() -> Path:
    """The folder that holds src, tests, docs and recipes."""
    return ROOT


@pytest.fixture(scope="session")
def data_folder() -> Callable[[str], Path]:
    """`data_folder("ml-100k")` -> the folder of a real data set under PALATE_DATA; skips where it is missing."""

    def find(name: str) -> Path:
        base = Path(os.environ.get("PALATE_DATA") or "../shared/data")
        folder = (base if base.is_absolute() else ROOT / base) / name
        if not folder.exists():
            pytest.skip(f"needs the data set {name}: no {folder} (set PALATE_DATA to the folder that holds it)")
        return folder

    return find


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALATE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield
