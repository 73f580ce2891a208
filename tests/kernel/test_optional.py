from __future__ import annotations

import sys
from pathlib import Path

import pytest

from palate.errors import MissingExtra
from palate.optional import has, need


def test_need_gives_the_module() -> None:
    assert need("json.decoder", extra="text", purpose="read").JSONDecoder


def test_a_missing_library_names_the_extra_that_brings_it() -> None:
    with pytest.raises(
        MissingExtra, match='"no_such_library" is needed to encode text, and it is not installed'
    ) as info:
        need("no_such_library", extra="text", purpose="encode text")
    assert info.value.next_step == "pip install 'palate[text]'"
    assert isinstance(info.value.__cause__, ModuleNotFoundError)


def test_a_missing_submodule_counts_as_missing() -> None:
    with pytest.raises(MissingExtra, match="not installed"):
        need("no_such_library.deep.inside", extra="text", purpose="x")


@pytest.mark.parametrize(
    "body", ["import no_such_dependency", "raise ImportError('libGL.so.1 is not there')"]
)
def test_a_broken_library_is_not_called_missing(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken_library.py").write_text(body)
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(
        MissingExtra, match=r"is installed but cannot be imported \(.*(no_such_dependency|libGL)"
    ):
        need("broken_library", extra="text", purpose="x")
    assert "broken_library" not in sys.modules


def test_has_does_not_import() -> None:
    sys.modules.pop("colorsys", None)
    assert has("colorsys")
    assert "colorsys" not in sys.modules
    assert not has("no_such_library")
    assert not has("no_such_library.inside")
