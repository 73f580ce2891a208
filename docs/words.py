"""One word for one idea: refuse the words that the glossary retires, in code, docs and report.

The tables of `docs/glossary.md` are the only list. A retired word in `code style` is refused as a
name or a part of one, any other word or phrase also in comments, docstrings, messages and pages.

    python docs/words.py            say what is left over and fail if anything is
    python docs/words.py --counts   only how many there are of each, by package
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GLOSSARY = Path("docs") / "glossary.md"


@dataclass(frozen=True)
class Allowed:
    """A passage in which a retired word is right.

    Attributes:
        passage: Pattern of the passage, or of the whole name; matched without case.
        files: Pattern of the paths it is allowed in.
        reason: Why.
    """

    passage: str
    files: str
    reason: str


EXCEPTIONS = (
    Allowed(r"`?worth\.json`?", "*", "a file of a run directory; its name is a promise"),
    Allowed("moments?|MOMENT_COLUMNS", "src/palate/encode/image/*", "statistical moments"),
    Allowed('`[^`]*"moment"[^`]*`', "docs/parts.md", "a group of image.classical.v1"),
    Allowed("asked", "src/palate/*/prove.py", "a key of palate prove --json"),
    Allowed("told", "src/palate/runs/importance_rows.py", "a key of worth.json"),
    Allowed("told", "src/palate/*/importance*.py", "a key of worth.json"),
    Allowed("told", "docs/importance.md", "a key of worth.json"),
    Allowed("foretold", "src/palate/model/two_sided.py", "a key of saved models"),
    Allowed("judge", "src/palate/study/search/search.py", "a setting of [search]"),
    Allowed("judge", "src/palate/recipe/settings.py", "a setting of [search]"),
    Allowed(r"`search\.judge`|`judge`", "docs/*", "a setting of [search]"),
    Allowed(r"`benchmarks/quality/strangers\.py`", "*", "a benchmark"),
    Allowed("## strangers", "docs/benchmarks.md", "a benchmark"),
    Allowed('"foretold"', "src/palate/explain/*", "a seed's purpose; another gives other draws"),
)

NOT_YET: dict[str, int] = {}
"""Retired words that a package still holds. The numbers may only fall."""

_PROSE_FILES = {".md", ".jinja", ".css", ".js"}
_CODE_SPAN = re.compile(r"`[^`\n]+`")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NEVER = r"(?!)"
_BETWEEN_WORDS = r"[\s#*>]+"


@dataclass(frozen=True)
class Retired:
    """A word or phrase that is not to be used any more.

    Attributes:
        phrase: In lower case, words separated by one blank.
        instead: The word to use.
        name_only: Whether it is refused only as a name in code.
    """

    phrase: str
    instead: str
    name_only: bool


@dataclass(frozen=True, order=True)
class Violation:
    """A retired word where it stands; `file` is relative to the repository."""

    file: str
    line: int
    word: str
    instead: str

    def __str__(self) -> str:
        return f'{self.file}:{self.line}: "{self.word}" is retired; use: {self.instead}'


@dataclass(frozen=True)
class Rules:
    """What is refused, ready to be searched for."""

    names: dict[str, Retired]
    prose: dict[str, Retired]
    pattern: re.Pattern[str]
    quick: re.Pattern[str]
    exceptions: tuple[Allowed, ...]

    def allowed(self, file: str) -> re.Pattern[str]:
        """The passages that are allowed in `file`."""
        here = [a.passage for a in self.exceptions if fnmatch(file, a.files)]
        return re.compile("|".join(f"(?:{p})" for p in here) or _NEVER, re.IGNORECASE)


def rows(page: str) -> Iterator[dict[str, str]]:
    """The rows of all tables of a Markdown page, by column."""
    header: list[str] | None = None
    for line in page.splitlines():
        if not line.startswith("|"):
            header = None
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if header is None:
            header = cells
        elif set(line) - set("|-: "):
            yield dict(zip(header, cells, strict=True))


def retired(page: str) -> Iterator[Retired]:
    """The words that the tables of the glossary retire.

    Raises:
        SystemExit: The same word is retired twice for different terms.
    """
    for row in rows(page):
        instead = row.get("term") or row["say"]
        for cell in filter(None, (part.strip() for part in row["not"].split(","))):
            yield Retired(cell.strip("`").lower(), instead, cell.startswith("`"))


def rules(page: str, exceptions: tuple[Allowed, ...] = EXCEPTIONS) -> Rules:
    """What the glossary `page` refuses."""
    words = list(retired(page))
    names: dict[str, Retired] = {}
    for word in words:
        if " " not in word.phrase:
            before = names.get(word.phrase, word)
            both = " or ".join(dict.fromkeys([before.instead, word.instead]))
            names[word.phrase] = Retired(word.phrase, both, word.name_only)
    prose = {word.phrase: word for word in words if not word.name_only}
    spaced = {phrase.replace(" ", _BETWEEN_WORDS) for phrase in prose}
    return Rules(
        names,
        prose,
        re.compile(rf"(?<![\w])(?:{'|'.join(sorted(spaced)) or _NEVER})(?!\w)", re.IGNORECASE),
        re.compile(
            "|".join(sorted({w.phrase.split()[-1] for w in words})) or _NEVER, re.IGNORECASE
        ),
        exceptions,
    )


def violations(root: Path, found: Rules | None = None) -> list[Violation]:
    """Every retired word under `root`, in the order of files and lines."""
    found = found or rules((root / GLOSSARY).read_text(encoding="utf-8"))
    listed: list[Violation] = []
    for file in files(root):
        text = file.read_text(encoding="utf-8")
        name = str(file.relative_to(root))
        listed += _in_names(Path(name).stem, name, 1, found)
        if found.quick.search(text):
            listed += _in_file(name, text, found)
    return sorted(listed)


def files(root: Path) -> Iterator[Path]:
    """The files that are checked: the library, its report, examples, tools and the pages."""
    source = root / "src"
    for folder in (source, root / "examples", root / "tools"):
        yield from sorted(folder.rglob("*.py"))
    yield from sorted(f for f in source.rglob("*") if f.suffix in _PROSE_FILES)
    yield from (f for f in sorted(root.glob("*.md")))
    yield from (f for f in sorted((root / "docs").rglob("*.md")) if f != root / GLOSSARY)


def package(file: str) -> str:
    """What a file belongs to: the package or module of palate, or the folder beside it."""
    parts = Path(file).parts
    return parts[2] if parts[:2] == ("src", "palate") else parts[0]


def _in_file(name: str, text: str, found: Rules) -> Iterator[Violation]:
    if not name.endswith(".py"):
        yield from _in_prose(text, name, 1, found)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield from _in_names(token.string, name, token.start[0], found)
        elif token.type in (tokenize.STRING, tokenize.COMMENT):
            yield from _in_prose(token.string, name, token.start[0], found)


def _in_names(identifier: str, file: str, line: int, found: Rules) -> Iterator[Violation]:
    for word in _WORD.findall(identifier):
        if word.lower() in found.names and not found.allowed(file).fullmatch(identifier):
            yield Violation(file, line, identifier, found.names[word.lower()].instead)


def _in_prose(text: str, file: str, line: int, found: Rules) -> Iterator[Violation]:
    if not found.quick.search(text):
        return
    excused = [m.span() for m in found.allowed(file).finditer(text)]
    for span in _CODE_SPAN.finditer(text):
        if not any(a <= span.start() and span.end() <= b for a, b in excused):
            for identifier in re.findall(r"\w+", span[0]):
                yield from _in_names(
                    identifier, file, line + text.count("\n", 0, span.start()), found
                )
    plain = _CODE_SPAN.sub(lambda m: " " * len(m[0]), text)
    for match in found.pattern.finditer(plain):
        if not any(a <= match.start() and match.end() <= b for a, b in excused):
            word = re.sub(_BETWEEN_WORDS, " ", match[0]).lower()
            yield Violation(
                file, line + text.count("\n", 0, match.start()), word, found.prose[word].instead
            )


def main(arguments: list[str] | None = None) -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--counts", action="store_true", help="only how many there are")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    found = violations(args.root)
    counts = Counter(package(v.file) for v in found)
    if args.counts:
        print("\n".join(f"{n:5} {name}" for name, n in sorted(counts.items())))
        return 0
    over = {name for name, n in counts.items() if n > NOT_YET.get(name, 0)}
    print("\n".join(str(v) for v in found if package(v.file) in over), end="\n" if over else "")
    for name, n in NOT_YET.items():
        if counts[name] < n:
            print(f"docs/words.py: NOT_YET of {name} is {n}; it may fall to {counts[name]}")
    return int(bool(over))


if __name__ == "__main__":
    sys.exit(main())
