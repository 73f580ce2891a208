from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge, Gt, Interval, Len, Lt

from palate import registry
from palate.recipe.recipe import SECTIONS, parse

SPLIT = {"part": "split.leave_last_out.v1"}


@pytest.fixture(scope="module")
def build(repository: Path) -> ModuleType:
    return load(repository / "docs" / "build.py")


def load(file: Path) -> ModuleType:
    """A script of the repository as a module, with its neighbours at hand as when it is run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(file.parent))
        spec = util.spec_from_file_location(f"script_{file.stem}", file)
        assert spec is not None
        assert spec.loader is not None
        module = util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module


def page(root: Path, text: str) -> Path:
    (root / "docs").mkdir(exist_ok=True)
    file = root / "docs" / "page.md"
    file.write_text(text)
    return file


def test_generated_parts_are_made_anew_and_the_rest_is_left(
    build: ModuleType, tmp_path: Path
) -> None:
    file = page(tmp_path, "before\n<!-- begin part-names -->\nold\n<!-- end -->\nafter\n")
    assert build.main(["--check", "--root", str(tmp_path)]) == 1
    assert "old" in file.read_text()
    assert build.main(["--root", str(tmp_path)]) == 0
    text = file.read_text()
    assert text.startswith("before\n<!-- begin part-names -->\n| stage | parts |")
    assert text.endswith("<!-- end -->\nafter\n")
    assert "split.ratio.v1" in text
    assert build.main(["--check", "--root", str(tmp_path)]) == 0


def test_a_page_without_generated_parts_is_never_stale(build: ModuleType, tmp_path: Path) -> None:
    page(tmp_path, "# Title\n")
    assert build.main(["--check", "--root", str(tmp_path)]) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<!-- begin nonsense -->\n<!-- end -->\n", "nothing generates 'nonsense'"),
        ("<!-- begin part-names -->\nno end\n", "has no '<!-- end -->'"),
    ],
)
def test_a_broken_page_is_refused(
    build: ModuleType, tmp_path: Path, text: str, message: str
) -> None:
    page(tmp_path, text)
    with pytest.raises(SystemExit, match=message):
        build.main(["--root", str(tmp_path)])


def test_every_part_and_every_setting_is_in_the_tables(build: ModuleType) -> None:
    from palate import registry

    text = build.GENERATED["parts"]()
    for name in registry.names():
        assert f"### `{name}`" in text
        for field in registry.part_class(name).Settings.__dataclass_fields__:
            assert f"| `{field}` |" in text


def test_every_command_is_in_the_help_pages(build: ModuleType) -> None:
    text = build.GENERATED["command-line"]()
    for command in ("demo", "init", "run", "data", "encode", "doctor"):
        assert f"## `palate {command}`" in text
        assert f"usage: palate {command}" in text


@dataclass(frozen=True)
class Inner:
    deep: float = 0.5
    """How deep."""


@dataclass(frozen=True)
class Example:
    size: Annotated[int, Ge(1)]
    """How many there are."""
    mode: Literal["fast", "exact"] = "fast"
    """Which | way."""
    names: Annotated[tuple[str, ...], Len(1, 3)] = ("a", "b")
    """Names."""
    limit: Annotated[float, Gt(0), Lt(1)] | None = None
    """At most."""
    within: Annotated[int, Interval(ge=0, lt=9)] = 3
    """Inside."""
    inner: Inner = Inner()
    """More."""
    on: bool = True
    """Whether."""


def test_a_settings_class_becomes_rows(repository: Path) -> None:
    tables = load(repository / "docs" / "part_tables.py")
    assert tables.rows(Example) == [
        "| `size` | whole number from 1 | needed | How many there are. |",
        '| `mode` | `"fast"`, `"exact"` | `"fast"` | Which \\| way. |',
        '| `names` | list of text at least 1 entries at most 3 entries | `["a", "b"]` | Names. |',
        "| `limit` | number above 0 below 1 or left out | left out | At most. |",
        "| `within` | whole number from 0 below 9 | `3` | Inside. |",
        "| `inner` | table | `{deep = 0.5}` | More. |",
        "| `inner.deep` | number | `0.5` | How deep. |",
        "| `on` | true or false | `true` | Whether. |",
    ]


def test_a_result_becomes_a_table(repository: Path, tmp_path: Path) -> None:
    tables = load(repository / "docs" / "benchmark_tables.py")
    result: dict[str, Any] = {
        "name": "speed",
        "what": "What was done.",
        "rows": [{"a": 1.23456, "b": 12345}, {"a": None, "c": "x|y"}],
        "claims": [{"claim": "one", "holds": True}, {"claim": "two", "holds": False}],
        "seconds": 3.2,
        "machine": {
            "processor": "P",
            "cores": 2,
            "memory_gb": 24,
            "python": "3.11.7",
            "palate": "0.1.0",
        },
    }
    (tmp_path / "speed.json").write_text(json.dumps(result))
    made = tables.tables(tmp_path)
    assert set(made) == {"benchmark/speed", "benchmarks", "best-of-presets", "faults"}
    text = made["benchmark/speed"]()
    assert "| a | b | c |\n|---|---|---|\n| 1.235 | 12,345 |  |\n|  |  | x\\|y |" in text
    assert "- holds: one\n- FAILS: two" in text
    assert text.endswith("Measured on P, 2 cores, 24 GB, Python 3.11.7, palate 0.1.0, in 3 s.")
    assert made["benchmarks"]() == f"## speed\n\n{text}"


def test_presets_are_told_by_their_best_figures(repository: Path, tmp_path: Path) -> None:
    tables = load(repository / "docs" / "benchmark_tables.py")
    assert len(tables.best_of_presets(tmp_path / "no such file").splitlines()) == 2
    rows = [
        {"preset": "p", "model": "weak", "kind": "model", "first metric": "ndcg@10 0.1000"},
        {
            "preset": "p",
            "model": "strong",
            "kind": "model",
            "first metric": "ndcg@10 0.2000",
            "against": "weak",
            "lift": "+9 %",
            "p, corrected": "0.01",
        },
        {
            "preset": "p",
            "model": "strong~random",
            "kind": "control",
            "first metric": "ndcg@10 0.9000",
        },
        {"preset": "behind", "model": "weak", "kind": "model", "first metric": "ndcg@10 0.0900"},
        {"preset": "without data", "model": "not run: no data"},
    ]
    (tmp_path / "protocols.json").write_text(json.dumps({"rows": rows}))
    bars = [("Theirs", "ndcg@10", 0.15), ("Older", "ndcg@10", 0.1), ("Others", "recall@10", 0.5)]
    text = "".join(
        f'[[protocol.bars]]\nmodel = "{model}"\nmetric = "{metric}"\nvalue = {value}\n'
        for model, metric, value in bars
    )
    (tmp_path / "p.toml").write_text(text)
    (tmp_path / "behind.toml").write_text(text)
    lines = tables.best_of_presets(tmp_path / "protocols.json", tmp_path).splitlines()
    assert lines[2:] == [
        "| `p` | ndcg@10 | 0.1500, Theirs | **0.2000**, strong | +33.3 % |"
        " +9 % over weak, p 0.01 |",
        "| `behind` | ndcg@10 | 0.1500, Theirs | **0.0900**, weak | behind by 40.0 % |  |",
    ]


@pytest.fixture(scope="module")
def runner(repository: Path) -> ModuleType:
    return load(repository / "benchmarks" / "run.py")


def test_benchmarks_are_found_run_and_written(runner: ModuleType, tmp_path: Path) -> None:
    for kind in ("speed", "quality"):
        (tmp_path / kind).mkdir()
        (tmp_path / kind / f"my_{kind}.py").write_text(
            f'name, what = "my_{kind}", "Something."\ndef run(): return {{"rows": [{{"x": 1}}],'
            f' "claims": [{{"claim": "c", "holds": {kind == "speed"}}}]}}\n'
        )
    assert [m.name for m in runner.discover(tmp_path, [])] == ["my_quality", "my_speed"]
    speed, quality = (runner.discover(tmp_path, [word])[0] for word in ("speed", "quality"))
    assert runner.measure(speed, tmp_path / "out")
    assert not runner.measure(quality, tmp_path / "out")
    written = json.loads((tmp_path / "out" / "my_speed.json").read_text())
    assert written["rows"] == [{"x": 1}]
    assert written["machine"]["cores"] >= 1
    assert written["machine"]["memory_gb"] >= 1
    assert written["machine"]["processor"]


def test_an_unknown_benchmark_is_refused(repository: Path) -> None:
    pytest.importorskip("transformers")
    command = [sys.executable, str(repository / "benchmarks" / "run.py"), "no_such_benchmark"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "no benchmark has a name with no_such_benchmark" in done.stderr


def test_every_benchmark_says_what_it_is(runner: ModuleType, repository: Path) -> None:
    modules = runner.discover(repository / "benchmarks", [])
    assert "import_time" in [m.name for m in modules]
    for module in modules:
        assert re.fullmatch(r"[a-z0-9_]+", module.name)
        assert len(module.what.split()) > 3
        assert callable(module.run)


def test_committed_results_belong_to_benchmarks(runner: ModuleType, repository: Path) -> None:
    names = {m.name for m in runner.discover(repository / "benchmarks", [])}
    assert {f.stem for f in (repository / "benchmarks" / "results").glob("*.json")} <= names


def test_every_section_of_a_recipe_has_its_keys_on_the_page(repository: Path) -> None:
    tables = load(repository / "docs" / "recipe_tables.py")
    alone = {key for key, *_ in tables.ALONE}
    assert {*tables.MEANINGS, *alone} == {*SECTIONS, "extends", "drop"}
    assert {*tables.SETTINGS, *tables.STAGES, "rules"} == set(tables.MEANINGS)
    page = tables.all_keys()
    table = parse({"choose": {}, "data": {"set": "ml-100k"}, "split": SPLIT}, Path()).resolved()
    for section in tables.SETTINGS:
        for key in table.get(section, {}):
            assert f"| `{key}` |" in tables.section(section), (section, key)
    for name in registry.names("scorer"):
        assert f"[`{name}`](parts.md#{name.replace('.', '')})" in page
