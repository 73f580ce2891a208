"""What the benchmarks under benchmarks/faults do at length is done here in small."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def tried() -> Callable[[str], ModuleType]:
    """A module of the benchmarks, by its name."""
    folder = str(Path(__file__).parents[3] / "benchmarks")
    if folder not in sys.path:
        sys.path.append(folder)
    return importlib.import_module


@pytest.fixture
def process(
    tried: Callable[[str], ModuleType], run_folder: Path, tmp_path: Path
) -> Iterator[ModuleType]:
    """A service in a process of its own, not started; it is killed in the end."""
    served = tried("service.process").Process(run_folder, tmp_path / "live", ["--model", "both"])
    yield served
    if hasattr(served, "process") and served.process.poll() is None:
        served.kill()
