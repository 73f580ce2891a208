"""The page in Chinese: nothing of palate's own is left in English, and nothing of the user's is
changed.
"""

from __future__ import annotations

import re

import pytest
from selectolax.lexbor import LexborHTMLParser

from palate.errors import BadInput
from palate.report.page import draw, render
from palate.runs.files import read

PROSE = re.compile(r"(?:[A-Za-z]{2,} ){3}[A-Za-z]{2,}")
OF_THE_RUN = re.compile(  # what the made run says in its own files
    "Item texts lift|Blending all-MiniLM|run.json is missing|targets had been seen|name items that"
    "|descriptions hold|to the cleaning of|share their time|order in the file|user is column"
    "|time: column|PCA to two|lose, the rest|What is lost when the block|to encode"
    "|weight of the texts|cooccurrence and text kernel"
)


def shown(page: str) -> list[str]:
    tree = LexborHTMLParser(page)
    for node in tree.css("bdi:not(.own), code, pre, script, style"):
        node.decompose()
    found = [" ".join(node.text(deep=False).split()) for node in tree.css("*")]
    tips = [
        node.attributes[name] or ""
        for name in ("aria-label", "data-tip", "placeholder")
        for node in tree.css(f"[{name}]")
    ]
    return [text for text in [*found, *tips] if text]


def test_no_sentence_of_palate_is_left_in_english(make_run):
    page = render(read(make_run()), "zh")
    left = [t for t in shown(page) if PROSE.search(t) and not OF_THE_RUN.search(t)]
    assert not left
    assert '<html lang="zh">' in page


def test_names_numbers_and_the_script_are_those_of_the_english_page(make_run):
    files = read(make_run(titles=["all users", "features <b>", "无题"]))
    english, chinese = render(files), render(files, "zh")
    for css in ("bdi:not(.own)", "pre code", "#numbers", "td.num b"):
        texts = [[n.text() for n in LexborHTMLParser(p).css(css)] for p in (english, chinese)]
        assert texts[0] == texts[1], css
    digests = [re.search(r"sha256-[^']*", p) for p in (english, chinese)]
    assert len({found[0] for found in digests if found}) == 1


def test_an_unknown_language_is_refused_and_the_page_stays(make_run):
    run = make_run()
    draw(run)
    before = (run / "report.html").read_text("utf-8")
    with pytest.raises(BadInput, match="allowed"):
        draw(run, language="xx")
    assert (run / "report.html").read_text("utf-8") == before
