"""Who imports what: lightly at the start, downwards only, and nothing that runs what it reads."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator

import pytest

MODEL_LIBRARIES = {
    "accelerate",
    "datasets",
    "fastapi",
    "huggingface_hub",
    "lightgbm",
    "onnxruntime",
    "openvino",
    "optuna",
    "peft",
    "ray",
    "sentence_transformers",
    "tensorflow",
    "tokenizers",
    "torch",
    "torchvision",
    "transformers",
    "xgboost",
}
WEB_LIBRARIES = {
    "httptools",
    "msgspec",
    "prometheus_client",
    "sse_starlette",
    "starlette",
    "uvicorn",
    "uvloop",
}
SLOW_TO_LOAD = {
    "pydantic",
    "scipy",
    "sklearn",
    "polars",
    "numpy",
    "pandas",
    "pyarrow",
    "rich",
    "jinja2",
}
DANGEROUS = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "marshal", "shelve"}


def loaded_by(statement: str) -> set[str]:
    """Top-level names of all modules that a fresh interpreter has after `statement`."""
    code = f"import sys; {statement}; print(*{{m.partition('.')[0] for m in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_palate_loads_next_to_nothing() -> None:
    heavy = MODEL_LIBRARIES | WEB_LIBRARIES | SLOW_TO_LOAD
    assert loaded_by("import palate") & heavy == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import palate.registry, palate.stages, palate.tables, palate.store, palate.execute",
        "import palate; palate.read, palate.run, palate.TextEncoder",
        "import palate.cli",
        "import palate.plugin",
        "import palate.pipeline.api",
    ],
)
def test_model_libraries_are_loaded_on_first_use_only(statement: str) -> None:
    assert loaded_by(statement) & (MODEL_LIBRARIES | WEB_LIBRARIES) == set()


WITHOUT_THEM = f"""
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {MODEL_LIBRARIES}:
            raise ModuleNotFoundError(name, name=name)

sys.meta_path.insert(0, Missing())
from palate import registry
for name in registry.names():
    registry.part_class(name)
"""


def test_every_module_of_a_built_in_part_can_be_loaded_without_the_extras() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_THEM], check=True)


def imports_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """(module, line) of every import, lazy ones too, those for type checkers only left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        yield from imports_of(node)


def test_no_two_parts_of_palate_import_each_other(sources: dict[str, ast.Module]) -> None:
    names = {path.partition("/")[0].removesuffix(".py") for path in sources} - {"__init__"}
    graph: dict[str, set[str]] = defaultdict(set)
    for path, tree in sources.items():
        part = path.partition("/")[0].removesuffix(".py")
        graph[part] |= {
            m.split(".")[1] for m, _ in imports_of(tree) if m.startswith("palate.")
        } & names - {part}
    graph.pop("__init__")  # the front door opens on the pipeline, lazily
    assert _in_a_circle(graph) == set()


def test_nothing_that_runs_what_it_reads(sources: dict[str, ast.Module]) -> None:
    found = []
    for path, tree in sources.items():
        found += [
            f"{path}:{line} {m}" for m, line in imports_of(tree) if m.partition(".")[0] in DANGEROUS
        ]
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func)
                allows = any(
                    k.arg == "allow_pickle" and ast.unparse(k.value) != "False"
                    for k in node.keywords
                )
                shell = any(
                    k.arg == "shell" and ast.unparse(k.value) != "False" for k in node.keywords
                )
                if (
                    name in ("eval", "exec", "torch.load", "os.system", "yaml.load")
                    or allows
                    or shell
                ):
                    found.append(f"{path}:{node.lineno} {name}")
                if name in ("np.load", "numpy.load") and not any(
                    k.arg == "allow_pickle" for k in node.keywords
                ):
                    found.append(f"{path}:{node.lineno} {name} without allow_pickle=False")
    assert found == []


def test_no_hidden_random_state(sources: dict[str, ast.Module]) -> None:
    made = {"np.random.Generator", "np.random.default_rng", "np.random.SeedSequence"}
    found = []
    for path, tree in sources.items():
        if path.startswith(
            "testing/"
        ):  # contract suites look whether a part moved the global state
            continue
        found += [f"{path}:{line} random" for m, line in imports_of(tree) if m == "random"]
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and ast.unparse(node).startswith("np.random."):
                name = ast.unparse(node)
                if name not in made or (name == "np.random.default_rng" and path != "seeding.py"):
                    found.append(f"{path}:{node.lineno} {name}")
    assert found == []


def test_model_libraries_come_through_the_one_door(sources: dict[str, ast.Module]) -> None:
    found = [
        f"{path}:{line} {module}"
        for path, tree in sources.items()
        for module, line in imports_of(tree)
        if module.partition(".")[0] in MODEL_LIBRARIES
    ]
    assert found == [], "use palate.optional.need(...) inside a function"


def test_the_web_is_the_business_of_the_service_and_who_asks_it(
    sources: dict[str, ast.Module],
) -> None:
    found = {
        path.partition("/")[0]
        for path, tree in sources.items()
        for module, _ in imports_of(tree)
        if module.partition(".")[0] in WEB_LIBRARIES
    }
    assert found == {"assistant", "client", "serve"}


def _in_a_circle(graph: dict[str, set[str]]) -> set[str]:
    """The nodes from which one can come back to oneself."""
    reach = {node: set(next_ones) for node, next_ones in graph.items()}
    for middle, beyond in reach.items():
        for found in reach.values():
            if middle in found:
                found |= beyond  # noqa: PLW2901 - the set itself is to grow
    return {node for node, reached in reach.items() if node in reached}
