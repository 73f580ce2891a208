"""The live page in Chinese: the browser's look-up is Python's, no sentence lacks an entry, and in a
real browser nothing is left in English while names stay.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.serve.page.conftest import Open, serving
from tests.serve.page.test_browser import PLACES, accessible
from tests.untranslated import english

from palate.errors import BadInput
from palate.serve.http.app import OPERATIONS
from palate.serve.http.openapi import document
from palate.serve.page import assets
from palate.serve.page.reference import groups
from palate.serve.page.routes import page_routes
from palate.translation import PLACE, translator

STATIC = Path(assets.__file__).parent / "static"
VIEWS = sorted(
    path.name for path in STATIC.glob("*.js") if path.name not in ("translator.js", "language.js")
)
ZH = translator("zh")
CODE = re.compile(r"^[a-z-]*$|[=${}<>]|^\W*$|^[\w./#-]+$")
"""What stands between quotation marks and is no sentence."""
UNSAID = (
    "use strict",
    "for you",
    "12px system-ui, sans-serif",
    "prefers-color-scheme: dark",
    "palate key new --role read",
)
"""Strings that read like sentences: of the language, a style, a command, an answer's kind."""
SELECTOR = re.compile(r"^[.#\[]|^input, ")


def said(text: str) -> str:
    assert ZH is not None
    return ZH.text(text)


def filled(source: str) -> str:
    """A sentence of the catalogue with something in its places."""
    values = {"n": "1,234", "word": "ndcg@10", "q": "a name"}
    given = lambda place: values.get(place[1].rstrip("0123456789"), "x y")  # noqa: E731
    return PLACE.sub(given, source)


def strings(source: str) -> Iterator[str]:
    """The texts of a module: of strings and of templates, without what is put into these."""
    at, depth = 0, list[str]()
    text = re.sub(r"^\s*//.*$|(?<=[;,{}]) // .*$|/\*.*?\*/", "", source, flags=re.MULTILINE)
    piece = ""
    while at < len(text):
        sign, inside = text[at], depth[-1] if depth else ""
        if inside == "`" and text.startswith("${", at):
            depth.append("{")
            piece += "{}"
            at += 1
        elif inside == "`" or (inside in "\"'" and inside):
            if sign == inside:
                depth.pop()
                yield piece
                piece = ""
            else:
                piece += sign
        elif sign in "`\"'":
            yield piece
            piece = ""
            depth.append(sign)
        elif sign == "{":
            depth.append("{")
        elif sign == "}" and inside == "{":
            depth.pop()
        at += 1


def test_a_catalogue_is_served_by_its_digest() -> None:
    found = assets.read_assets()
    catalogue = json.loads(found.found[assets.catalogue("zh")].content)
    assert catalogue["exact"]["all test users"] == "全部测试用户"
    assert "en.json" not in found.found


def test_what_routes_do_is_said_in_chinese() -> None:
    for group in groups(document(OPERATIONS)):
        assert not english(said(group.title))
        for route in group.routes:
            assert not english(said(route.summary), "text/event-stream", "Prometheus"), route.name


def test_pages_say_their_language_and_an_unknown_one_is_refused() -> None:
    described = document(OPERATIONS)
    assert page_routes(described)
    assert page_routes(described, "zh")
    with pytest.raises(BadInput, match="allowed: en, zh"):
        page_routes(described, "fr")


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_browser_finds_what_python_finds(tmp_path: Path) -> None:
    assert ZH is not None
    catalogue = ZH.plain()
    sentences = [filled(source) for source in [*catalogue["exact"], *_sources()]]
    sentences += [f"{one}." for one in sentences[::3]] + [f"  {one}\n\n3" for one in sentences[::7]]
    sentences += [f"{a} {b}" for a, b in zip(sentences[::11], sentences[1::11], strict=False)]
    sentences += ["", "12", "Nobody knows this. Nothing is lost without it.", "商品 42"]
    (tmp_path / "in.json").write_text(json.dumps([catalogue, sentences]))
    script = (
        f"import {{ translator }} from {json.dumps((STATIC / 'translator.js').as_uri())};"
        'import { readFileSync } from "node:fs";'
        f"const [all, each] = JSON.parse(readFileSync({json.dumps(str(tmp_path / 'in.json'))}));"
        "console.log(JSON.stringify(each.map(translator(all))));"
    )
    (tmp_path / "run.mjs").write_text(script)
    done = subprocess.run(
        ["node", str(tmp_path / "run.mjs")], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    assert found == [said(one) for one in sentences]


def _sources() -> list[str]:
    from importlib import resources

    from palate.translation import entries_of

    text = (resources.files("palate") / "translations" / "zh.po").read_text("utf-8")
    return [source for source, _ in entries_of(text) if PLACE.search(source)]


@pytest.mark.parametrize("name", VIEWS)
def test_every_sentence_of_a_view_has_an_entry(name: str) -> None:
    known = "\n".join([*(ZH.plain()["exact"] if ZH else ()), *_sources()])
    missing = []
    for text in strings((STATIC / name).read_text("utf-8")):
        if SELECTOR.search(text):
            continue
        for piece in re.split(r"<[^>]*>|\{\}|\s*\n\s*|(?<=\.) ", text):
            bare = " ".join(piece.split()).strip(" .;:,()")
            words = re.findall(r"[A-Za-z]{2,}", bare)
            if (
                len(words) > 1
                and not CODE.search(bare)
                and bare not in UNSAID
                and bare not in known
            ):
                missing.append(bare)
    assert not missing, f"add to translations/zh.po: {missing}"


@pytest.fixture(scope="module")
def chinese(run_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose page is Chinese."""
    with serving(run_folder, tmp_path_factory.mktemp("zh"), "--lang", "zh") as address:
        yield address


def shown(page: Any) -> str:
    """What a person sees, and what a reader of the screen is given; names aside."""
    text = str(
        page.evaluate(
            """() => {
              const copy = document.body.cloneNode(true);
              copy.querySelectorAll("bdi:not(.own), code, pre, script, style")
                .forEach((one) => one.remove());
              const told = [...copy.querySelectorAll("[aria-label], [placeholder], [data-label]")]
                .flatMap((one) => ["aria-label", "placeholder", "data-label"]
                  .map((name) => one.getAttribute(name) ?? ""));
              const texts = [];
              const walk = document.createTreeWalker(copy, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) texts.push(walk.currentNode.data);
              return [...texts, ...told].join("\\n");
            }"""
        )
    )
    return re.sub(r"[a-z ]+ number \d+|\bshop\b", "", text)  # titles of items, an example


@pytest.mark.parametrize("place", [place for place in PLACES if place != "/docs"])
def test_nothing_is_left_in_english(open_page: Open, chinese: str, place: str) -> None:
    page = open_page(chinese).go(place)
    page.wait_for_selector(PLACES[place])
    page.wait_for_selector("#connection[data-state=live]")
    page.wait_for_timeout(300)
    assert not english(shown(page))
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert accessible(page) == []


def test_figures_go_on_in_chinese_and_names_stay(open_page: Open, chinese: str) -> None:
    with httpx.Client(base_url=chinese, timeout=60) as asks:
        asks.post("/v1/events", json={"user": "u2", "item": "i5", "action": "requests"})
        page = open_page(chinese).go("/#people/u2")
        page.wait_for_selector("#person .past li")
        # an action of the user that is a word of palate, too
        assert page.locator("#person .past bdi", has_text="requests").count() >= 1
        page.get_by_role("link", name="此刻", exact=True).click()
        for _ in range(3):
            asks.post("/v1/recommendations", json={"user": "u2", "k": 3})
        page.wait_for_function("document.querySelector('h1').textContent.includes('个请求')")
        for _ in range(5):
            asks.post("/v1/recommendations", json={"user": "u2", "k": 3})
        page.wait_for_timeout(2500)
        assert "个请求" in page.locator("h1").inner_text()
        assert not english(shown(page))


def test_a_problem_is_said_in_chinese(open_page: Open, chinese: str) -> None:
    page = open_page(chinese).go("/#items")
    page.get_by_label("文字或标识").fill("zzzz")
    page.get_by_role("button", name="搜索").click()
    page.wait_for_selector(".empty")
    assert not english(shown(page))
