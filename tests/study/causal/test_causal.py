"""From a file to effects, and the command."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from selectolax.lexbor import LexborHTMLParser

from palate.cli.main import main
from palate.data.table import Table
from palate.data.worlds.causes import GRAPH, CauseWorld
from palate.errors import BadInput, Refused
from palate.seeding import generator
from palate.study.causal.columns import CausalColumns, observed_of
from palate.study.causal.study import CausalSettings, causal

FEATURED = CausalColumns("featured", "click")
QUICK = CausalSettings(by=("segment",), family="linear")


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("causal") / "shown.csv"
    CauseWorld(n_users=300).log(generator(3, "tests", "study")).write_csv(path)
    return path


class TestStudy:
    def test_the_graph_chooses_and_the_effect_is_found(self, log: Path) -> None:
        found = causal(log, FEATURED, GRAPH, QUICK)
        (one,) = found.effects
        assert found.columns.adjust == ("popularity", "activity", "segment")
        assert found.adjustment.unused == ("rank_score",)
        assert one.effect.low <= 0.1 <= one.effect.high
        assert one.naive.value > one.effect.value
        assert all(r.passed for r in one.refuters)
        assert [s.segment for s in one.segments] == ["segment = a", "segment = b"]
        assert "Assumed: nothing that is not in the graph" in found.sentence

    def test_the_same_again_is_the_same(self, log: Path) -> None:
        assert causal(log, FEATURED, GRAPH, QUICK) == causal(log, FEATURED, GRAPH, QUICK)

    def test_segments_of_what_comes_after_are_refused(self, log: Path) -> None:
        with pytest.raises(Refused, match="comes after the treatment"):
            causal(log, FEATURED, GRAPH, CausalSettings(by=("rank_score",)))

    def test_little_overlap_has_no_effect_unless_forced(self, tmp_path: Path) -> None:
        path = tmp_path / "apart.csv"
        CauseWorld(n_users=100, confounding=8.0).log(generator(1, "apart")).write_csv(path)
        held = causal(path, FEATURED, GRAPH, CausalSettings(family="linear"))
        assert held.effects == ()
        assert held.sentence.startswith("these rows cannot tell: ")
        forced = CausalSettings(family="linear", refute=False, force=True)
        assert causal(path, FEATURED, GRAPH, forced).sentence.startswith("no evidence")


class TestColumns:
    def test_numbers_text_and_gaps(self) -> None:
        table = Table(
            "t",
            pl.DataFrame(
                {
                    "t": ["10", "2", "2", "10"],
                    "y": ["yes", "no", "Yes", "no"],
                    "x": [1.0, None, 3.0, 2.0],
                    "c": ["red", "blue", "red", None],
                }
            ),
        )
        seen = observed_of(table, CausalColumns("t", "y", ("x", "c")))
        assert seen.levels == ("2", "10")  # by number, not by letter
        assert seen.treatment.tolist() == [1, 0, 0, 1]
        assert seen.outcome.tolist() == [1, 0, 1, 0]
        assert seen.covariates.shape == (4, 4)
        assert seen.covariates[:, 1].tolist() == [0, 1, 0, 0]
        assert seen.user.tolist() == [0, 1, 2, 3]

    def test_numbers_in_text_are_numbers(self) -> None:
        frame = pl.DataFrame({"t": [0, 1, 0], "y": [1, 0, 1], "x": ["0.5", " 1.5", ""]})
        seen = observed_of(Table("t", frame), CausalColumns("t", "y", ("x",)))
        assert seen.covariates.shape == (3, 2)

    def test_rare_values_count_as_one(self) -> None:
        frame = pl.DataFrame(
            {"t": [0, 1] * 40, "y": [1, 0] * 40, "x": [f"v{k}" for k in range(80)]}
        )
        seen = observed_of(Table("t", frame), CausalColumns("t", "y", ("x",)))
        assert seen.covariates.shape == (80, 20)

    def test_above_and_reference(self) -> None:
        frame = pl.DataFrame({"t": np.arange(30.0), "y": [0] * 30})
        seen = observed_of(Table("t", frame), CausalColumns("t", "y", above=9.5))
        assert seen.levels == ("t <= 9.5", "t > 9.5")
        assert seen.treatment.sum() == 20
        frame = pl.DataFrame({"t": ["a", "b", "c"], "y": [0] * 3})
        seen = observed_of(Table("t", frame), CausalColumns("t", "y", reference="b"))
        assert seen.levels == ("b", "a", "c")

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            (CausalColumns("x", "y"), "no column"),
            (CausalColumns("many", "y"), "different values"),
            (CausalColumns("t", "word"), "a number in every row"),
            (CausalColumns("gap", "y"), "no treatment"),
            (CausalColumns("t", "y", reference="5"), 'no row has the treatment "5"'),
        ],
    )
    def test_refusals(self, columns: CausalColumns, said: str) -> None:
        n = 20
        frame = pl.DataFrame(
            {
                "t": [0, 1] * 10,
                "y": [0] * n,
                "many": list(range(n)),
                "word": ["w"] * n,
                "gap": [None, 1] * 10,
            }
        )
        with pytest.raises(BadInput, match=said):
            observed_of(Table("t", frame), columns)


class TestCommand:
    ARGUMENTS = ("--treatment", "featured", "--outcome", "click", "--models", "linear")

    def test_tables_and_json(self, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
        said = ["causal", str(log), *self.ARGUMENTS, "--graph", GRAPH, "--no-refuters"]
        assert main(said) == 0
        assert "nothing held fixed" in capsys.readouterr().out
        assert main([*said, "--json"]) == 0
        value = json.loads(capsys.readouterr().out)
        assert value["card"]["verdict"] == "ok"
        assert value["effects"][0]["level"] == "1"

    def test_a_graph_in_a_file(self, log: Path, tmp_path: Path) -> None:
        path = tmp_path / "graph.txt"
        path.write_text(GRAPH.replace("; ", "\n"))
        said = ["causal", str(log), *self.ARGUMENTS, "--no-refuters", "--json"]
        assert main([*said, "--graph", str(path)]) == 0

    def test_refusals_end_with_2(self, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
        said = ["causal", str(log), *self.ARGUMENTS, "--graph"]
        assert main([*said, "taste -> featured; taste -> click"]) == 2
        assert 'measure "taste"' in capsys.readouterr().err
        assert main([*said, GRAPH, "--adjust", "popularity"]) == 2
        assert 'adjust for "activity"' in capsys.readouterr().err
        assert main([*said, GRAPH, "--adjust", "popularity,activity,rank_score"]) == 2
        assert "comes after" in capsys.readouterr().err
        assert main([*said, "graph.txt"]) == 2
        assert "CAUSE -> EFFECT" in capsys.readouterr().err

    @pytest.mark.parametrize("language", ["en", "zh"])
    def test_a_page(self, log: Path, tmp_path: Path, language: str) -> None:
        page = tmp_path / "page.html"
        said = ["--lang", language, "causal", str(log), *self.ARGUMENTS, "--graph", GRAPH]
        assert main([*said, "--by", "segment", "--report", str(page), "--quiet"]) == 0
        tree = LexborHTMLParser(page.read_text("utf-8"))
        assert [n.text() for n in tree.css(".causes .held title")] == [
            "popularity",
            "activity",
            "segment",
        ]
        assert len(tree.css(".forest tbody tr")) == 4
        for node in tree.css("bdi:not(.own), svg, script, style"):
            node.decompose()
        english = "people alike in" in tree.text()
        assert english == (language == "en")

    def test_a_page_where_the_rows_cannot_tell(self, tmp_path: Path) -> None:
        path, page = tmp_path / "apart.csv", tmp_path / "page.html"
        CauseWorld(n_users=100, confounding=8.0).log(generator(1, "apart")).write_csv(path)
        said = ["causal", str(path), *self.ARGUMENTS, "--graph", GRAPH, "--report", str(page)]
        assert main(said) == 2
        tree = LexborHTMLParser(page.read_text("utf-8"))
        assert tree.css_first("h1").text().startswith("these rows cannot tell: ")
        assert tree.css_first("#effects") is None
