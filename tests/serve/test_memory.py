"""Memory that goes back to the system."""

from __future__ import annotations

import ctypes

import pytest

from palate.serve.memory import give_back


def test_it_goes_back() -> None:
    give_back()


@pytest.mark.parametrize("wrong", [OSError, AttributeError, TypeError])
def test_another_c_library_is_left_as_it_is(
    wrong: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: object) -> object:
        raise wrong

    monkeypatch.setattr(ctypes, "CDLL", missing)
    give_back()
