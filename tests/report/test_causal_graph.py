"""The drawing of a graph: every node and edge once, causes left of effects, names as they are."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from palate.report.causal_graph import drawn_graph

NAMES = ("a", "b", "c", "d", "e")
EDGES = st.sets(st.sampled_from(list(itertools.combinations(NAMES, 2))), min_size=1)


def left_ends(svg: str) -> dict[str, float]:
    groups = LexborHTMLParser(svg).css("g")
    return {g.css_first("title").text(): float(g.css_first("rect").attributes["x"]) for g in groups}


@given(EDGES)
def test_causes_stand_left_of_their_effects(edges):
    nodes = {name for edge in edges for name in edge}
    svg = drawn_graph(sorted(edges), dict.fromkeys(nodes, "held"))
    x = left_ends(svg)
    assert set(x) == nodes
    assert all(x[a] < x[b] for a, b in edges)
    assert svg.count('class="edge"') == len(edges)


@given(EDGES)
def test_no_box_lies_over_another(edges):
    nodes = {name for edge in edges for name in edge}
    drawn = LexborHTMLParser(drawn_graph(sorted(edges), dict.fromkeys(nodes, "left out")))
    corners = {(r.attributes["x"], r.attributes["y"]) for r in drawn.css("rect")}
    assert len(corners) == len(nodes)


def test_treatment_and_outcome_of_one_cause_stand_apart():
    roles = {"u": "not measured", "t": "treatment", "y": "outcome"}
    drawn = LexborHTMLParser(drawn_graph([("u", "t"), ("u", "y")], roles))
    assert len({r.attributes["y"] for r in drawn.css("rect")}) == 3


@pytest.mark.parametrize("name", ["<b>", "热门程度", "x" * 90, "a & b"])
def test_any_name_is_shown_as_text(name):
    svg = drawn_graph([(name, "click")], {name: "treatment", "click": "outcome"})
    assert LexborHTMLParser(svg).css_first("title").text() == name
    assert "<b>" not in svg


def test_what_would_run_through_a_box_is_bent():
    roles = {"a": "treatment", "m": "outcome", "b": "outcome"}
    drawn = drawn_graph([("a", "m"), ("m", "b"), ("a", "b")], roles)
    paths = [path.attributes["d"] for path in LexborHTMLParser(drawn).css(".edge")]
    heights = [len({float(pair.split()[1]) for pair in _pairs(d)}) for d in paths]
    assert heights == [1, 1, 2]


def _pairs(d: str) -> list[str]:
    return re.findall(r"-?[\d.]+ -?[\d.]+", d)
