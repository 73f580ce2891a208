"""Write the generated parts of the documentation, or check that they are up to date.

A generated part stands between two comments, `<!-- begin NAME -->` and `<!-- end -->`, in any page;
what is between them is replaced by what `GENERATED[NAME]` gives. Everything else in a page is
written by hand.

    python docs/build.py            write
    python docs/build.py --check    say what is stale and leave it; exit code 1 if anything is
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import benchmark_tables
import command_pages
import notebooks
import part_tables
import recipe_tables
import serve_tables
import structure

ROOT = Path(__file__).resolve().parent.parent
MARKED = re.compile(r"<!-- begin (?P<name>[^ ]+) -->\n.*?<!-- end -->", re.DOTALL)
_BEGIN = re.compile(r"^<!-- begin ", re.MULTILINE)

GENERATED: dict[str, Callable[[], str]] = {
    "parts": part_tables.all_parts,
    "part-names": part_tables.names,
    "recipe-keys": recipe_tables.all_keys,
    "routes": serve_tables.routes,
    "curls": serve_tables.curls,
    "client-methods": serve_tables.methods,
    "assistant-tools": serve_tables.tools,
    "command-line": command_pages.all_commands,
    "exit-codes": command_pages.exit_codes,
    **structure.generators(ROOT),
    **benchmark_tables.tables(ROOT / "benchmarks" / "results"),
}
"""Name of a generated part -> its Markdown, without the comments around it."""


def pages(root: Path) -> list[Path]:
    """Every page that may hold generated parts."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md")])


def built(text: str, page: str) -> str:
    """The page with its generated parts made anew.

    Raises:
        SystemExit: A name that nothing generates, or a comment without its end.
    """

    def replace(found: re.Match[str]) -> str:
        name = found["name"]
        if name not in GENERATED:
            sys.exit(
                f"{page}: nothing generates {name!r}; there are: {', '.join(sorted(GENERATED))}"
            )
        return f"<!-- begin {name} -->\n{GENERATED[name]().strip()}\n<!-- end -->"

    replaced, n_replaced = MARKED.subn(replace, text)
    if n_replaced != len(_BEGIN.findall(text)):
        sys.exit(f"{page}: a '<!-- begin ... -->' has no '<!-- end -->' of its own")
    return replaced


def stale(root: Path) -> Iterator[tuple[Path, str]]:
    """(page, new text) of every page whose generated parts are not what they should be."""
    for page in pages(root):
        text = page.read_text(encoding="utf-8")
        new = built(text, str(page.relative_to(root)))
        if new != text:
            yield page, new
    yield from notebooks.stale(root / "docs")
    page = root / "docs" / "llms.txt"
    if page.exists():
        new = serve_tables.llms_page(root / "docs")
        if new != page.read_text(encoding="utf-8"):
            yield page, new


def main(arguments: list[str] | None = None) -> int:
    """Run as a command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--check", action="store_true", help="change nothing; exit with 1 if anything is stale"
    )
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    args = parser.parse_args(arguments)
    found = list(stale(args.root))
    for page, new in found:
        print(f"{'stale' if args.check else 'written'}: {page.relative_to(args.root)}")
        if not args.check:
            page.write_text(new, encoding="utf-8")
    if found and args.check:
        print("run: make docs")
    return int(bool(found) and args.check)


if __name__ == "__main__":
    sys.exit(main())
