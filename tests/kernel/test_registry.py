from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest

from palate import registry
from palate.errors import BadRecipe, SeveralProblems

BUILT_IN = {
    "scorer": {"model.plain.v1": "kernel_parts:Plain", "model.plain.v2": "kernel_parts:Missing"},
    "encoder": {"text.plain.v1": "kernel_parts:Encoder", "text.gone.v1": "no_such_module:Encoder"},
    "metric": {},
}


class Plain:
    @dataclass(frozen=True)
    class Settings:
        depth: int = 1
        note: str | None = None

    def __init__(self, settings: Settings = Settings()) -> None:
        self.settings = settings


Plugins = Callable[..., None]


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugins]:
    """`plugins(("scorer/model.mine.v1", "kernel_parts:Plain"))`: a registry of two packages' parts
    and ours.
    """

    def install(*entries: tuple[str, str]) -> None:
        found = [EntryPoint(name, value, "palate.parts") for name, value in entries]
        monkeypatch.setattr(
            registry, "entry_points", lambda group: found if group == "palate.parts" else []
        )
        registry._known.cache_clear()

    module: Any = type(sys)("kernel_parts")
    module.Plain = module.Encoder = Plain
    monkeypatch.setitem(sys.modules, "kernel_parts", module)
    monkeypatch.setattr(registry, "PARTS", BUILT_IN)
    install()
    yield install
    registry._known.cache_clear()


@pytest.mark.usefixtures("plugins")
def test_a_table_becomes_a_part_with_its_settings() -> None:
    spec = registry.spec({"part": "model.plain.v1", "depth": 3}, "scorer", "models.a")
    part = spec.build()
    assert isinstance(part, Plain)
    assert part.settings == Plain.Settings(depth=3)
    assert spec.resolved() == {"part": "model.plain.v1", "depth": 3}
    assert registry.stage_of(spec.name) == "scorer"


@pytest.mark.usefixtures("plugins")
def test_names_of_all_parts_and_of_one_stage() -> None:
    assert registry.names("scorer") == ["model.plain.v1", "model.plain.v2"]
    assert len(registry.names()) == 4
    assert registry.names("metric") == []


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("model.plian.v1", "model.plain.v1"),
        ("model.plain", "model.plain.v2"),
        ("Text_Plain.v1", "text.plain.v1"),
    ],
)
def test_an_unknown_part_names_the_nearest_even_of_another_stage(name: str, hint: str) -> None:
    with pytest.raises(BadRecipe, match=f'there is no part "{name}"') as info:
        registry.spec({"part": name}, "scorer", "models.a")
    assert info.value.where == "models.a.part"
    assert info.value.allowed == "model.plain.v1, model.plain.v2"
    assert info.value.next_step == f'did you mean "{hint}"?'


@pytest.mark.usefixtures("plugins")
def test_a_part_of_the_wrong_stage() -> None:
    with pytest.raises(
        BadRecipe, match=r'"text\.plain\.v1" is a part for the stage encoder, not scorer'
    ) as info:
        registry.spec({"part": "text.plain.v1"}, "scorer")
    assert info.value.where == "part"
    assert "model.plain.v1" in info.value.allowed


@pytest.mark.usefixtures("plugins")
def test_no_part_named_says_which_there_are() -> None:
    with pytest.raises(BadRecipe, match="no part is named") as info:
        registry.spec({"depth": 1}, "scorer", "models.a")
    assert info.value.next_step == 'add part = "model.plain.v1"'
    with pytest.raises(BadRecipe, match="no part is named") as info:
        registry.spec({}, "metric")
    assert info.value.allowed == "nothing: there is no part for the stage metric"


@pytest.mark.usefixtures("plugins")
def test_something_that_is_no_table_is_refused() -> None:
    with pytest.raises(BadRecipe, match=r"'model\.plain\.v1' is not allowed"):
        registry.spec("model.plain.v1", "scorer", "models.a")  # type: ignore[arg-type]


@pytest.mark.usefixtures("plugins")
def test_settings_of_a_part_are_checked_at_their_place() -> None:
    with pytest.raises(SeveralProblems) as info:
        registry.spec({"part": "model.plain.v1", "deph": 3, "note": 4}, "scorer", "models.a")
    assert [p.where for p in info.value.problems] == ["models.a.deph", "models.a.note"]


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize(
    ("name", "stage"), [("model.plain.v2", "scorer"), ("text.gone.v1", "encoder")]
)
def test_a_part_that_cannot_be_loaded_says_so(name: str, stage: str) -> None:
    with pytest.raises(BadRecipe, match=f'the part "{name}" cannot be loaded from') as info:
        registry.spec({"part": name}, stage, "models.a")
    assert info.value.where == "models.a.part"


def test_a_plugin_comes_through_an_entry_point(plugins: Plugins) -> None:
    plugins(("scorer/model.mine.v1", "kernel_parts:Plain"))
    assert registry.names("scorer") == ["model.mine.v1", "model.plain.v1", "model.plain.v2"]
    assert isinstance(registry.spec({"part": "model.mine.v1"}, "scorer").build(), Plain)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("scorer/model.plain.v1", "that name is taken"),
        ("model.mine.v1", "not STAGE/NAME"),
        ("scorer/", "not STAGE/NAME"),
        ("scorers/model.mine.v1", "STAGE one of scorer, encoder, metric"),
    ],
)
def test_a_plugin_under_a_bad_name_is_left_out_aloud(
    plugins: Plugins, name: str, reason: str
) -> None:
    plugins((name, "kernel_parts:Encoder"))
    with pytest.warns(UserWarning, match=reason):
        assert registry.names("scorer") == ["model.plain.v1", "model.plain.v2"]


def test_an_installed_package_brings_a_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flavour.py").write_text(
        "from dataclasses import dataclass\n"
        "class Mine:\n"
        "    @dataclass(frozen=True)\n"
        "    class Settings:\n"
        "        depth: int = 1\n"
        "    def __init__(self, settings=Settings()):\n"
        "        self.settings = settings\n"
    )
    info = tmp_path / "flavour-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: flavour\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[palate.parts]\nscorer/model.flavour.v1 = flavour:Mine\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._known.cache_clear()
    try:
        assert "model.flavour.v1" in registry.names("scorer")
        part = registry.spec({"part": "model.flavour.v1", "depth": 2}, "scorer").build()
        assert part.settings.depth == 2
    finally:
        registry._known.cache_clear()
        sys.modules.pop("flavour", None)
