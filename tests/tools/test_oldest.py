"""The constraints of `make oldest` are the lower bounds of pyproject.toml, all of them."""

from __future__ import annotations

import re
import tomllib
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest


@pytest.fixture(scope="module")
def oldest(repository: Path) -> ModuleType:
    spec = util.spec_from_file_location("script_oldest", repository / "tools" / "oldest.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def project(*required: str, **extras: list[str]) -> dict[str, Any]:
    return {"name": "palate", "dependencies": list(required), "optional-dependencies": extras}


def test_the_file_is_not_stale(oldest: ModuleType, repository: Path) -> None:
    assert oldest.main(["--check"]) == 0
    table = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    text = oldest.constraints(table)
    assert len(text.splitlines()) > 30
    for line in text.splitlines()[1:]:
        name, _, version = line.partition("==")
        bounds = " ".join(
            re.sub(r"\[.*?\]", "", one.lower()) for one in oldest._requirements(table)
        )
        assert f"{name}>={version}" in bounds


def test_every_bound_of_core_and_extras_is_in_it_once(oldest: ModuleType) -> None:
    text = oldest.constraints(
        project(
            "numpy>=1.26",
            "Jinja2>=3.1",
            x=["torch>=2.4", "openvino>=2025.0; platform_machine == 'x86_64'"],
            y=["torch>=2.4", "palate[x]"],
        )
    )
    assert text.splitlines()[1:] == [
        "jinja2==3.1",
        "numpy==1.26",
        "openvino==2025.0",
        "torch==2.4",
    ]


@pytest.mark.parametrize("wrong", ["numpy", "numpy==1.26", "numpy<3", "numpy>=1.26,<3"])
def test_a_requirement_without_a_plain_lower_bound_is_refused(
    oldest: ModuleType, wrong: str
) -> None:
    with pytest.raises(ValueError, match="needs a lower bound"):
        oldest.constraints(project(wrong))


def test_two_bounds_of_one_package_are_refused(oldest: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"two bounds, 1\.26 and 2\.0"):
        oldest.constraints(project("numpy>=1.26", x=["numpy>=2.0"]))


def test_a_stale_file_is_told(
    oldest: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oldest, "FILE", tmp_path / "constraints-oldest.txt")
    assert oldest.main(["--check"]) == 1
    assert oldest.main([]) == 0
    assert oldest.main(["--check"]) == 0
