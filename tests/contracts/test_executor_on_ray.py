"""The executors' contract on Ray, on one small cluster of this machine for all tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from palate.execute import Executor, OnRay
from palate.testing.executor import ExecutorContract

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def _cluster() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        ray.init(
            num_cpus=2,
            include_dashboard=False,
            object_store_memory=80_000_000,
            log_to_driver=False,
            address="local",
        )
        yield
        ray.shutdown()


class TestTwoCoresOfRay(ExecutorContract):
    max_ahead = 4

    @pytest.fixture
    def executor(self) -> Executor:
        return OnRay()
