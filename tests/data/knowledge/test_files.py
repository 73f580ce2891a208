"""Triples from tables and RDF."""

from pathlib import Path

import polars as pl
import pytest

from palate.data.knowledge.files import local_name, read_triples
from palate.data.knowledge.settings import KnowledgeSettings
from palate.errors import BadInput, BadRecipe
from palate.tables.knowledge import Triples

TURTLE = """
@prefix dbo: <http://dbpedia.org/ontology/> .
@prefix dbr: <http://dbpedia.org/resource/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
dbr:Jumanji dbo:director dbr:Joe_Johnston ; dbo:runtime "104" .
dbr:Joe_Johnston rdfs:label "Joe J." .
"""


def said(facts: Triples) -> set[tuple[str, str, str]]:
    rows = zip(facts.head, facts.relation, facts.tail, strict=True)
    return {(facts.names[h], facts.relations.ids[r], facts.names[t]) for h, r, t in rows}


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_a_table_of_triples(tmp_path: Path, ending: str) -> None:
    frame = pl.DataFrame(
        {"film": [1, 1, 1, 2], "how": ["by", "by", "with", "by"], "who": [7, 7, 8, None]}
    )
    path = tmp_path / f"facts.{ending}"
    frame.write_csv(path) if ending == "csv" else frame.write_parquet(path)
    facts = read_triples(path, KnowledgeSettings(str(path)))
    assert said(facts) == {("1", "by", "7"), ("1", "with", "8")}


def test_names_stand_in_another_file(tmp_path: Path) -> None:
    (tmp_path / "facts.csv").write_text("a,b,c\n1,by,7\n")
    (tmp_path / "names.csv").write_text("key,label,other\n7,Joe,x\n")
    settings = KnowledgeSettings("facts.csv", names="names.csv", name_column="other")
    facts = read_triples(tmp_path / "facts.csv", settings, tmp_path / "names.csv")
    assert said(facts) == {("1", "by", "x")}


def test_columns_and_relations_are_chosen_by_name(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("o,s,p\njoe,jumanji,director\nrobin,jumanji,actor\n")
    columns = {"head_column": "s", "relation_column": "p", "tail_column": "o"}
    facts = read_triples(path, KnowledgeSettings(str(path), **columns, relations=("actor",)))
    assert said(facts) == {("jumanji", "actor", "robin")}
    with pytest.raises(BadInput, match="director, actor"):
        read_triples(path, KnowledgeSettings(str(path), **columns, relations=("writer",)))
    with pytest.raises(BadRecipe, match='no column "x"'):
        read_triples(path, KnowledgeSettings(str(path), head_column="x"))


def test_turtle_and_n_triples(tmp_path: Path) -> None:
    pytest.importorskip("pyoxigraph")
    turtle = tmp_path / "facts.ttl"
    turtle.write_text(TURTLE)
    facts = read_triples(turtle, KnowledgeSettings(str(turtle)))
    assert said(facts) == {("Jumanji", "director", "Joe J."), ("Jumanji", "runtime", "104")}
    lines = tmp_path / "facts.nt"
    lines.write_text("<http://x/a> <http://x/knows> <http://x/b_c> .\n")
    assert said(read_triples(lines, KnowledgeSettings(str(lines)))) == {("a", "knows", "b c")}


def test_broken_files_are_refused(tmp_path: Path) -> None:
    pytest.importorskip("pyoxigraph")
    broken = tmp_path / "facts.nt"
    broken.write_text("this is no triple\n")
    with pytest.raises(BadInput, match="no RDF"):
        read_triples(broken, KnowledgeSettings(str(broken)))
    with pytest.raises(BadInput, match="no such file"):
        read_triples(tmp_path / "none.ttl", KnowledgeSettings("none.ttl"))
    narrow = tmp_path / "narrow.csv"
    narrow.write_text("a,b\n1,2\n")
    with pytest.raises(BadInput, match="2 columns"):
        read_triples(narrow, KnowledgeSettings(str(narrow)))


def test_the_last_part_of_an_iri() -> None:
    assert local_name("http://x.org/a#B_c") == "B c"
    assert local_name("http://x.org/b/") == "b"


def test_labels_are_told_apart_by_ids() -> None:
    facts = Triples.of(["f"] * 3, ["by"] * 3, ["1", "2", "3"], {"1": "Joe", "2": "Joe"})
    assert facts.labels() == ["f", "Joe (1)", "Joe (2)", "3"]


def test_triples_that_are_not_sure_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("a,b,c,sure\n1,by,x,0.9\n1,by,y,0.4\n2,by,z,0.5\n")
    facts = read_triples(path, KnowledgeSettings(str(path), confidence_column="sure"))
    assert said(facts) == {("1", "by", "x"), ("2", "by", "z")}
    everything = KnowledgeSettings(str(path), confidence_column="sure", least_confidence=0.0)
    assert len(read_triples(path, everything)) == 3
    high = KnowledgeSettings(str(path), confidence_column="sure", least_confidence=0.95)
    with pytest.raises(BadInput, match="none of 3 triples"):
        read_triples(path, high)
    with pytest.raises(BadRecipe, match="no column"):
        read_triples(path, KnowledgeSettings(str(path), confidence_column="shure"))


@pytest.mark.parametrize("odd", ["7", "often", "", "-0.1"])
def test_a_confidence_that_is_none_is_an_error(tmp_path: Path, odd: str) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(f"a,b,c,sure\n1,by,x,0.9\n1,by,y,{odd}\n")
    with pytest.raises(BadInput, match="no confidence from 0 to 1"):
        read_triples(path, KnowledgeSettings(str(path), confidence_column="sure"))
