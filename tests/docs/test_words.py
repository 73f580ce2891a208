from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType

import pytest

from .test_build import load

PAGE = """
| term | meaning | code | not |
|---|---|---|---|
| block transform | better geometry | | shaper, `shape` |
| rank | where the target came | | `places` |
| position | where a token stands | | `places` |
| importance | how much a metric depends on a block | | its worth |

| say | not |
|---|---|
| again | anew |
"""


@pytest.fixture(scope="module")
def words(repository: Path) -> Iterator[ModuleType]:
    # A frozen dataclass with postponed annotations looks its own module up.
    sys.modules["script_words"] = ModuleType("script_words")
    module = load(repository / "docs" / "words.py")
    yield module
    del sys.modules["script_words"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "glossary.md").write_text(PAGE)
    (tmp_path / "src" / "palate" / "encode").mkdir(parents=True)
    return tmp_path


def found(words: ModuleType, tree: Path, text: str, file: str = "encode/x.py") -> list[str]:
    (tree / "src" / "palate" / file).write_text(text)
    return [f"{v.line} {v.word} -> {v.instead}" for v in words.violations(tree)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("shaper = 1\n", ["1 shaper -> block transform"]),
        ("class MyShaper:\n    pass\n", ["1 MyShaper -> block transform"]),
        ("x = 1\ndef old_places(): ...\n", ["2 old_places -> rank or position"]),
        ('"""Doc.\n\nA shaper.\n"""\n', ["3 shaper -> block transform"]),
        ("# made anew\n", ["1 anew -> again"]),
        ('x = f"made Anew: {y}"\n', ["1 anew -> again"]),
        ('"""Of a block: its\n    worth."""\n', ["1 its worth -> importance"]),
        ('"""See `old_places`."""\n', ["1 old_places -> rank or position"]),
    ],
)
def test_retired_words_are_refused(
    words: ModuleType, tree: Path, text: str, expected: list[str]
) -> None:
    assert found(words, tree, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        '"""Two decimal places of the shape."""\n',  # names only
        "reshaped = x = None\n",
        '"""It is worth having."""\n',
        "replaces = displaces = 1\n",
        "# an anewish word\n",
    ],
)
def test_good_english_and_other_words_are_left_alone(
    words: ModuleType, tree: Path, text: str
) -> None:
    assert found(words, tree, text) == []


def test_pages_and_templates_are_read_as_prose(words: ModuleType, tree: Path) -> None:
    (tree / "README.md").write_text("Fit\nanew.\n\nCall `old_places`.\n")
    (tree / "docs" / "page.md").write_text("In many places.\n")
    (tree / "src" / "palate" / "page.html.jinja").write_text("<p>its worth</p>\n")
    assert [str(v) for v in words.violations(tree)] == [
        'README.md:2: "anew" is retired; use: again',
        'README.md:4: "old_places" is retired; use: rank or position',
        'src/palate/page.html.jinja:1: "its worth" is retired; use: importance',
    ]


def test_file_names_are_names(words: ModuleType, tree: Path) -> None:
    assert found(words, tree, "", "encode/shaper.py") == ["1 shaper -> block transform"]


def test_an_exception_excuses_its_passage_only(words: ModuleType, tree: Path) -> None:
    rules = words.rules(PAGE, (words.Allowed("born anew", "src/*", "a song"),))
    file = tree / "src" / "palate" / "x.py"
    file.write_text("# born anew, made anew\n# anew\n")
    assert [(v.line, v.word) for v in words.violations(tree, rules)] == [(1, "anew"), (2, "anew")]


def test_the_command_fails_where_something_is_left(
    words: ModuleType,
    tree: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words, "NOT_YET", {})
    assert words.main(["--root", str(tree)]) == 0
    found(words, tree, "shaper = 1\n")
    assert words.main(["--root", str(tree)]) == 1
    assert 'src/palate/encode/x.py:1: "shaper"' in capsys.readouterr().out
    monkeypatch.setattr(words, "NOT_YET", {"encode": 2})
    assert words.main(["--root", str(tree)]) == 0
    assert "it may fall to 1" in capsys.readouterr().out


def test_every_exception_has_a_reason_and_is_needed(words: ModuleType, repository: Path) -> None:
    without = words.rules((repository / words.GLOSSARY).read_text(encoding="utf-8"), ())
    refused = {(v.file, v.line) for v in words.violations(repository, without)}
    for allowed in words.EXCEPTIONS:
        assert allowed.reason
        assert any(
            re.search(allowed.passage, (repository / file).read_text(encoding="utf-8"), re.I)
            for file, _ in refused
            if fnmatch(file, allowed.files)
        ), allowed


@pytest.fixture(scope="module")
def classes_of_terms(words: ModuleType, repository: Path) -> dict[str, str]:
    """Term -> its class by the glossary, empty where it has none."""
    page = (repository / "docs" / "glossary.md").read_text(encoding="utf-8")
    return {row["term"]: row["code"].strip("`") for row in words.rows(page) if "term" in row}


def test_no_term_is_the_name_of_a_different_class(
    classes_of_terms: dict[str, str], repository: Path
) -> None:
    found = {
        (term, f"{module}.{node.name}")
        for module, tree in _modules(repository / "src")
        for node in tree.body
        if isinstance(node, ast.ClassDef)
        and (term := re.sub(r"(?<=[a-z])(?=[A-Z])", " ", node.name).lower()) in classes_of_terms
    }
    bearers: dict[str, list[str]] = defaultdict(list)
    for term, name in sorted(found):
        bearers[term].append(name)
    for term, home in classes_of_terms.items():
        assert bearers[term] == ([home] if home else bearers[term][:1])


def test_a_file_called_like_a_term_is_about_it(
    classes_of_terms: dict[str, str], repository: Path
) -> None:
    for module, tree in _modules(repository / "src"):
        term = module.rpartition(".")[2].replace("_", " ")
        if term in classes_of_terms:
            names = [n.name.lower() for n in tree.body if isinstance(n, ast.ClassDef)]
            about = " ".join([ast.get_docstring(tree) or "", *names]).lower()
            assert term in about or term.replace(" ", "") in about, module


def _modules(source: Path) -> Iterator[tuple[str, ast.Module]]:
    for file in sorted(source.rglob("*.py")):
        path = file.relative_to(source).with_suffix("")
        module = ".".join(p for p in path.parts if p != "__init__")
        yield module, ast.parse(file.read_text(encoding="utf-8"))
