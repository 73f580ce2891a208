"""The page as a whole: well formed, self-contained, escaped, accessible, and never crashing."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from palate.errors import BadInput
from palate.report import draw, render
from palate.report.template import embedded
from palate.runs.files import RunFiles

CHINESE = ["寂静的海港", "玻璃花园", "最后的证人"]
HOSTILE = [
    "</script><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "<svg/onload=alert(1)> & <b>bold</b> 'quotes' {{ 7*7 }} {% raw %}",
    "NUL \x00 bell \x07 lone \ud800 bidi \u202e reversed",
    "very " * 300 + "long",
    "\u2028line\u2029paragraph",
    "-->]]><!--",
]
FILES = [
    "summary.json",
    "data.json",
    "leaderboard.json",
    "comparisons.json",
    "importance.json",
    "ablation.json",
    "map.json",
    "recommendations.json",
    "fusion.json",
    "timings.json",
    "curves.json",
    "recipe.toml",
]
FIXED = {"model", "control", "published", "permuted", "random", "combination"}
FIXED |= {"lift", "pair", "keep", "replaceable"}
SMALL = {"n_models": 3, "n_points": 20, "n_users": 2}
VOID = {"meta", "link", "input", "br", "img", "hr"}
# Elements of SVG that are written with a closing slash.
EMPTY = {"line", "circle", "rect", "path"}

Write = Callable[..., Path]


@dataclass
class Element:
    name: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    text: str = ""

    def all(self, name: str) -> list[Element]:
        found = [c for c in self.children if c.name == name]
        return [*found, *(inner for c in self.children for inner in c.all(name))]

    def whole(self) -> str:
        return self.text + "".join(c.whole() for c in self.children)


class Reader(HTMLParser):
    """Builds a tree and refuses what is not closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open = [Element("", {})]
        self.root = self.open[0]
        self.feed(page)
        self.close()
        assert [e.name for e in self.open] == [""], "elements left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>: {names}"
        element = Element(tag, dict(attrs))
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in EMPTY, f"<{tag}/> is not closed in HTML"
        self.open[-1].children.append(Element(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].name == tag, f"</{tag}> closes <{self.open[-1].name}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].text += data


def parsed(page: str) -> Element:
    return Reader(page).root


KINDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "one model": {"n_models": 1, "n_points": 3},
    "thirty models": {"n_models": 30, "n_points": 20_000, "n_users": 50},
    "hostile": {"titles": HOSTILE, "n_points": 30},
    "chinese": {"titles": CHINESE, "n_points": 50},
    "only a recipe": {"leave_out": tuple(FILES[:-1])},
    "nothing": {"leave_out": tuple(FILES)},
}


@pytest.fixture(scope="module", params=list(KINDS))
def page(
    request: pytest.FixtureRequest, write: Write, tmp_path_factory: pytest.TempPathFactory
) -> str:
    run = write(tmp_path_factory.mktemp("runs") / "demo", **KINDS[request.param])
    return draw(run).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def root(page: str) -> Element:
    return parsed(page)


def test_pages_are_whole(page: str, root: Element) -> None:
    assert page.startswith("<!doctype html>")
    ids = Counter(e.attributes["id"] for e in _every(root) if "id" in e.attributes)
    assert [i for i, n in ids.items() if n > 1] == []
    assert [t for t in root.all("table") if not t.all("caption")] == []
    assert [s for s in root.all("svg") if not (s.all("title") or s.all("desc"))] == []
    assert len(root.all("h1")) == len(root.all("main")) == 1
    assert len(page.encode()) < 3_000_000


def test_pages_refer_only_to_what_they_hold(root: Element) -> None:
    ids = {e.attributes.get("id") for e in _every(root)}
    for element in _every(root):
        for name in ("src", "href", "data", "poster", "action", "srcset", "xlink:href"):
            target = element.attributes.get(name)
            assert target is None or target == "data:," or target[1:] in ids
        for name in ("for", "aria-labelledby", "aria-controls"):
            assert set((element.attributes.get(name) or "").split()) <= ids
    style = "".join(s.whole() for s in root.all("style"))
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_pages_own_script_may_run(root: Element) -> None:
    scripts = [s for s in root.all("script") if s.attributes.get("type") != "application/json"]
    assert len(scripts) == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].text.encode()).digest()).decode()
    policy = next(m.attributes["content"] for m in root.all("meta") if "http-equiv" in m.attributes)
    assert f"script-src 'sha256-{digest}'" in (policy or "")
    assert "default-src 'none'" in (policy or "")
    assert [name for e in _every(root) for name in e.attributes if name.startswith("on")] == []


def test_numbers_for_the_script_can_be_read(root: Element) -> None:
    [data] = [s for s in root.all("script") if s.attributes.get("type") == "application/json"]
    assert set(json.loads(data.text)) == {"leaderboard", "map"}


def test_every_form_element_has_a_name(root: Element) -> None:
    labelled = {label.attributes.get("for") for label in root.all("label")}
    inside = {id(i) for label in root.all("label") for i in label.all("input")}
    for box in [*root.all("select"), *root.all("input")]:
        assert box.attributes.get("id") in labelled or id(box) in inside
    for button in root.all("button"):
        assert button.whole().strip() or button.attributes.get("aria-label")


def test_hostile_titles_stay_text(make_run: Write) -> None:
    run = make_run(titles=HOSTILE, n_points=30)
    page = draw(run).read_text(encoding="utf-8")
    root = parsed(page)
    assert not root.all("img")
    assert "alert(1)" not in "".join(
        s.text for s in root.all("script") if "type" not in s.attributes
    )
    assert HOSTILE[0] in [e.text for e in root.all("bdi")]
    assert "{{ 7*7 }}" in page
    assert not re.search("[\x00\x07\ud800]", page)


def test_hostile_words_everywhere_stay_text(make_run: Write) -> None:
    run = make_run()
    for name in FILES[:-1]:
        content = json.loads((run / name).read_text(encoding="utf-8"))
        (run / name).write_text(
            json.dumps(_poisoned(content, HOSTILE[0] + HOSTILE[1])), encoding="utf-8"
        )
    (run / "recipe.toml").write_text(f"a = '{HOSTILE[0]}' # {HOSTILE[1]}", encoding="utf-8")
    root = parsed(draw(run).read_text(encoding="utf-8"))
    assert len(root.all("script")) == 2
    assert not root.all("img")
    assert [name for e in _every(root) for name in e.attributes if name.startswith("on")] == []


@settings(max_examples=150)
@given(st.text(), st.text())
def test_embedded_json_never_ends_its_element(key: str, text: str) -> None:
    written = embedded({key: text})
    assert not set(written) & set("<>&\u2028\u2029")
    assert json.loads(str(written)) == {key: text}
    assert isinstance(written, Markup)


@pytest.mark.parametrize("missing", FILES)
def test_a_missing_file_costs_its_section_and_is_told(missing: str, make_run: Write) -> None:
    page = draw(make_run(**SMALL, leave_out=(missing,))).read_text(encoding="utf-8")
    assert f"{missing} is not in the run directory" in page
    parsed(page)


@pytest.mark.parametrize("missing", FILES)
@pytest.mark.parametrize(
    "content", ["", "{", "7", '{"points": 3, "users": 3, "counts": 3, "figures": 3, "gate": 3}']
)
def test_a_damaged_file_costs_its_section_and_is_told(
    missing: str, content: str, make_run: Write
) -> None:
    run = make_run(**SMALL)
    (run / missing).write_text(content, encoding="utf-8")
    page = draw(run).read_text(encoding="utf-8")
    if missing != "recipe.toml":
        assert re.search(rf"{missing} (cannot be read|is not as expected)", page)
    parsed(page)


@pytest.mark.parametrize("name", FILES[:-1])
def test_empty_files_draw(name: str, make_run: Write) -> None:
    run = make_run(**SMALL)
    content = json.loads((run / name).read_text(encoding="utf-8"))
    (run / name).write_text(json.dumps(type(content)()), encoding="utf-8")
    parsed(draw(run).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", FILES[:-1])
def test_numbers_that_are_not_known_draw(name: str, make_run: Write) -> None:
    run = make_run(**SMALL)
    content = json.loads((run / name).read_text(encoding="utf-8"))
    for unknown in (None, float("nan"), float("inf")):
        (run / name).write_text(json.dumps(_without_numbers(content, unknown)), encoding="utf-8")
        page = draw(run).read_text(encoding="utf-8")
        parsed(page)
        assert not re.search(
            r"\b(nan|inf|None|undefined)\b", re.sub(r"<script>.*?</script>", "", page, flags=re.S)
        )


def test_the_page_is_the_same_each_time(make_run: Write) -> None:
    run = make_run()
    assert draw(run).read_bytes() == draw(run).read_bytes()


def test_drawing_leaves_nothing_but_the_page(make_run: Write) -> None:
    run = make_run()
    before = {p.name for p in run.iterdir()}
    assert draw(run) == run / "report.html"
    assert {p.name for p in run.iterdir()} - before == {"report.html"}


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="palate run RECIPE"):
        draw(tmp_path / "nowhere")
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput):
        draw(tmp_path / "file")


def test_the_head_tells_headline_and_figures(make_run: Write) -> None:
    root = parsed(draw(make_run()).read_text(encoding="utf-8"))
    assert (
        root.all("h1")[0].whole()
        == "Item texts lift NDCG@10 by 27\N{NARROW NO-BREAK SPACE}%, almost all of it for items"
        " seen five times or less."
    )
    [figures] = [e for e in root.all("dl") if e.attributes.get("class") == "figures"]
    assert [b.text for b in figures.all("b")] == ["+27.1\u202f%", "0.0210", "18\u202f%", "41 s"]


def test_sections_stand_in_the_navigation(make_run: Write) -> None:
    root = parsed(draw(make_run()).read_text(encoding="utf-8"))
    [nav] = root.all("nav")
    parts = [s.attributes["id"] for s in root.all("section") if s.attributes.get("class") == "part"]
    assert [a.attributes["href"] for a in nav.all("a")] == [f"#{i}" for i in parts]
    assert len(parts) == 13


def test_nothing_at_all_still_says_what_is_missing() -> None:
    root = parsed(
        render(RunFiles("empty", absent={"map.json": "map.json is not in the run directory."}))
    )
    assert "map.json is not in the run directory." in root.whole()


@pytest.mark.parametrize("name", ["report.css", "report.js"])
def test_assets_stay_short(name: str, repository: Path) -> None:
    lines = (repository / "src/palate/report" / name).read_text(encoding="utf-8").splitlines()
    assert len(lines) < 500
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_of_text_have_contrast(theme: str, repository: Path) -> None:
    style = (repository / "src/palate/report/report.css").read_text(encoding="utf-8")
    blocks = re.findall(r"(:root[^{]*)\{([^{}]*)\}", style)
    chosen = next(body for name, body in blocks if ("dark" in name) == (theme == "dark"))
    colour = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", chosen))
    for ink in ("ink", "soft", "accent", "amber", "loss"):
        for ground in ("paper", "panel"):
            assert _contrast(colour[ink], colour[ground]) >= 4.5, (ink, ground)
    assert _contrast(colour["tip-ink"], colour["tip"]) >= 4.5
    assert _contrast(colour["slate"], colour["paper"]) >= 3.0


def test_dark_is_the_same_by_choice_and_by_system(repository: Path) -> None:
    style = (repository / "src/palate/report/report.css").read_text(encoding="utf-8")
    chosen = re.search(r':root\[data-theme="dark"\] \{([^}]*)\}', style)
    system = re.search(r':root:not\(\[data-theme="light"\]\) \{([^}]*)\}', style)
    assert chosen
    assert system
    assert chosen.group(1).split() == system.group(1).split()


def _contrast(a: str, b: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(a), light(b)))
    return (high + 0.05) / (low + 0.05)


def _every(element: Element) -> list[Element]:
    return [e for child in element.children for e in (child, *_every(child))]


def _poisoned(value: Any, poison: str) -> Any:
    if isinstance(value, str):
        # one word of a fixed set can only be right, or refused with the file
        return value if value in FIXED else value + poison
    if isinstance(value, list):
        return [_poisoned(v, poison) for v in value]
    return {k: _poisoned(v, poison) for k, v in value.items()} if isinstance(value, dict) else value


def _without_numbers(value: Any, unknown: float | None) -> Any:
    if isinstance(value, float):
        return unknown
    if isinstance(value, list):
        return [_without_numbers(v, unknown) for v in value]
    return (
        {k: _without_numbers(v, unknown) for k, v in value.items()}
        if isinstance(value, dict)
        else value
    )
