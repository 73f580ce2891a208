"""The corpus of worlds with known truth: how what a run says is graded, and that worlds are what
they say they are.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import palate


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    if str(repository / "benchmarks") not in sys.path:
        sys.path.append(str(repository / "benchmarks"))
    file = repository / "benchmarks" / "quality" / "truth.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_truth", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def truth_of(helped: str, *more: Any, **parts: Any) -> Any:
    from worlds.world import Truth

    return Truth(helped, *more, **parts)  # type: ignore[arg-type]


def summary(features: str, *slices: str, **verdicts: str) -> dict[str, Any]:
    """What matters of a `summary.json`; block names with `_` for the dot."""
    earned = [
        {"blocks": [name.replace("_", ".")], "verdict": verdict}
        for name, verdict in verdicts.items()
    ]
    return {"features": features, "gains_in": list(slices), "earned": earned}


TWO = ("text.tfidf", "text.minilm")
NOTHING = {"text_tfidf": "no evidence", "text_minilm": "no evidence", "fields": "no evidence"}
KNOWN_LEAK = [{"code": "column-knows-targets"}]


@pytest.mark.parametrize(
    ("truth", "said", "why"),
    [
        ({"helped": "no one"}, summary("no evidence", **NOTHING), ""),
        ({"helped": "no one"}, summary("no weight"), ""),
        ({"helped": "no one"}, summary("not evidence"), ""),
        ({"helped": "no one"}, summary("loss", **NOTHING), ""),
        ({"helped": "no one"}, summary("gain", **NOTHING), "sees a gain"),
        ({"helped": "no one"}, summary("gain in slices", "target 0"), "sees a gain"),
        ({"helped": "no one"}, summary("no evidence", "target 0"), "credits"),
        ({"helped": "no one"}, summary("no evidence", fields="keep"), "credits"),
        ({"helped": "everybody", "blocks": TWO}, summary("no evidence"), "does not see"),
        ({"helped": "everybody", "blocks": TWO}, summary("gain", text_tfidf="keep"), ""),
        (
            {"helped": "everybody", "blocks": TWO},
            summary("gain", text_tfidf="keep", fields="no evidence"),
            "",
        ),
        ({"helped": "everybody", "blocks": TWO}, summary("gain", fields="keep"), "credits fields"),
        (
            {"helped": "everybody", "blocks": TWO},
            summary("gain", fields="keep", text_tfidf="keep"),
            "credits fields",
        ),
        # that all earn it together is true of all blocks that carry it, and of no others
        (
            {"helped": "everybody", "blocks": (*TWO, "fields")},
            summary("gain", **NOTHING),
            "",
        ),
        ({"helped": "everybody", "blocks": TWO}, summary("gain", **NOTHING), "does not tell"),
        (
            {"helped": "some", "blocks": TWO, "slices": ("target 0",)},
            summary("gain in slices", "target 0", **NOTHING),
            "",
        ),
        (
            {"helped": "some", "blocks": TWO, "slices": ("target 0",)},
            summary("gain", "target 0", text_tfidf="keep"),
            "",
        ),
        (
            {"helped": "some", "blocks": TWO, "slices": ("target 0",)},
            summary("gain", text_tfidf="keep"),
            "does not say who",
        ),
        (
            {"helped": "some", "blocks": TWO, "slices": ("target 0",)},
            summary("gain in slices", "target >20"),
            "does not say who",
        ),
        (
            {"helped": "some", "blocks": TWO, "slices": ("target 0",)},
            summary("gain in slices", "target 0", "target >20"),
            "for target >20",
        ),
        ({"helped": "leak"}, summary("gain", text_tfidf="keep"), "praises a leak"),
        ({"helped": "leak"}, summary("no evidence"), ""),
    ],
)
def test_a_summary_is_held_against_the_truth(
    benchmark: ModuleType, truth: Mapping[str, Any], said: dict[str, Any], why: str
) -> None:
    found = benchmark.wrong(truth_of(**truth), benchmark.said(said, []))
    assert why in found if why else not found


def test_a_leak_that_is_warned_of_may_be_praised(benchmark: ModuleType) -> None:
    praised = benchmark.said(summary("gain", text_tfidf="keep"), KNOWN_LEAK)
    assert not benchmark.wrong(truth_of("leak"), praised)
    other = benchmark.said(summary("gain", text_tfidf="keep"), [{"code": "unused-items"}])
    assert benchmark.wrong(truth_of("leak"), other)


@pytest.mark.parametrize(
    ("headline", "gain", "slices"),
    [
        ("The features raise ndcg@10 over all test users: +9.1 %.", "everybody", ()),
        (
            "The features raise ndcg@10 over all test users: +9.1 %, most for items seen 1-5 times"
            " (+30.0 %).",
            "everybody",
            ("target 1-5",),
        ),
        (
            "The features pay for items never seen in training: ndcg@10 +3 %; over all test users"
            " there is no clear gain (+1 %).",
            "some",
            ("target 0",),
        ),
        ("The features lower ndcg@10 over all test users: -9.1 %.", "no one", ()),
        ("No evidence that the features help: ndcg@10 +1 % over all test users.", "no one", ()),
        ("popularity reaches ndcg@10 0.1; no model uses features.", "no one", ()),
    ],
)
def test_an_earlier_version_is_graded_by_its_words(
    benchmark: ModuleType, headline: str, gain: str, slices: tuple[str, ...]
) -> None:
    found = benchmark.said_in_words(headline, [])
    assert (found.gain, found.slices, found.credited) == (gain, slices, None)
    truth = truth_of("everybody", TWO)
    assert bool(benchmark.wrong(truth, found)) == (gain == "no one")


def test_slices_are_called_as_the_library_calls_them(benchmark: ModuleType) -> None:
    from worlds.grading import SLICES

    from palate.report.headline import in_words
    from palate.tables.slice_names import FREQUENCIES

    assert {in_words(one.name): one.name for one in FREQUENCIES}.items() <= SLICES.items()
    assert all(in_words(name) == words for words, name in SLICES.items())


def test_there_are_enough_worlds_and_they_stay_what_they_are(benchmark: ModuleType) -> None:
    corpus = list(benchmark.worlds())
    names = [world.name for world in corpus]
    assert len(set(names)) == len(names) >= 44
    assert {world.kind for world in corpus} >= {"help", "noise", "copy", "leak", "right block"}
    first, again = corpus[0].make(), corpus[0].make()
    assert first.log.equals(again.log)
    assert first.items.equals(again.items)


def test_the_oracle_gains_where_texts_say_something_and_nowhere_else(
    benchmark: ModuleType,
) -> None:
    import polars as pl
    from worlds.drawn import Shape, drawn, ids, log_of
    from worlds.world import Made

    rng = np.random.default_rng(5)
    events = drawn(rng, Shape(users=400, items=300, topics=20))
    log, items = log_of(rng, events, "rows"), pl.DataFrame({"item_id": ids(300)})
    true, noise = (
        benchmark.gains(Made(log, items, topic))[0]
        for topic in (events.topic, rng.permutation(events.topic))
    )
    assert true.z > 5
    assert true.after > 1.2 * true.before
    assert noise.z < 3
    assert benchmark.gains(Made(log, items)) == []


@pytest.mark.integration
@pytest.mark.parametrize("kind", ["says the topic", "noise", "list of buyers"])
def test_small_worlds_are_graded_as_right(benchmark: ModuleType, kind: str, tmp_path: Path) -> None:
    from worlds.drawn import Shape
    from worlds.made import leaking, spoken
    from worlds.world import WORDS

    shape, rng = Shape(users=500, items=400, topics=20), np.random.default_rng(8)
    if kind == "list of buyers":
        made, truth = leaking(shape, "buyers", rng), truth_of("leak")
    elif kind == "noise":
        made, truth = spoken(shape, "none", rng, says=None, noise=("title",)), truth_of("no one")
    else:
        made, truth = spoken(shape, "none", rng), truth_of("everybody", WORDS)
    log, items = made.write(tmp_path)
    run = palate.run(
        palate.read(log, items),
        folder=tmp_path / "run",
        choose__families=["popularity", "item-knn", "ease"],
        report__map_items=0,
        report__users=0,
    )
    facts = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    data = json.loads((tmp_path / "run" / "data.json").read_text(encoding="utf-8"))
    found = benchmark.said(facts, data["findings"])
    assert not benchmark.wrong(truth, found), run.summary.headline
    assert found.warned == (kind == "list of buyers")
    if found.warned:
        assert run.summary.features in ("not evidence", "no weight")
        assert any("who took an item" in sentence for sentence in run.summary.warnings)


def test_the_claims_fail_where_they_are_not_met(benchmark: ModuleType) -> None:
    row = {"world": "a", "truth": "no one", "right": True, "why": "", "before right": False}
    rows = [row] * 40
    assert all(claim["holds"] for claim in benchmark.claims(rows))
    assert not benchmark.claims(rows[:39])[0]["holds"]
    wrong = {**row, "right": False, "why": "sees a gain where there is none"}
    few, many = benchmark.claims([*rows, wrong]), benchmark.claims([*rows, wrong, wrong, wrong])
    assert [claim["holds"] for claim in few] == [True, False, True, True]
    assert not many[0]["holds"]
    blocks = {**row, "truth": "everybody", "right": False, "why": "credits fields"}
    assert [claim["holds"] for claim in benchmark.claims([*rows, blocks])][2] is False
    alike = [{**row, "before right": True}] * 40
    assert not benchmark.claims(alike)[3]["holds"]
