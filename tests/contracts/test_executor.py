from __future__ import annotations

import pytest

from palate.execute import Executor, Inline, Processes
from palate.testing.executor import ExecutorContract


class TestInline(ExecutorContract):
    max_ahead = 0

    @pytest.fixture
    def executor(self) -> Executor:
        return Inline()


class TestTwoProcesses(ExecutorContract):
    max_ahead = 4

    @pytest.fixture
    def executor(self) -> Executor:
        return Processes(2)
