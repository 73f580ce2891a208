"""What a graph says of the items becomes fields of the catalogue."""

from pathlib import Path

import polars as pl
import pytest

from palate.data.assemble import read, read_frames
from palate.data.knowledge.settings import KnowledgeSettings
from palate.data.settings import DataSettings
from palate.errors import BadInput, BadRecipe
from palate.recipe.recipe import parse

LOG = "user_id,item_id\nu,a\nu,b\nv,a\nv,c\n"
ITEMS = "item_id,title\na,Jumanji (1995)\nb,Heat\nc,Jaws\n"
TRIPLES = (
    "head,relation,tail\na,director,joe\na,actor,robin\na,actor,kirsten\nb,director,mann\n"
    "joe,born_in,texas\nmann,born_in,chicago\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "log.csv").write_text(LOG)
    (tmp_path / "items.csv").write_text(ITEMS)
    (tmp_path / "facts.csv").write_text(TRIPLES)
    return tmp_path


def settings(**graph: object) -> DataSettings:
    return DataSettings(
        interactions="log.csv",
        items="items.csv",
        knowledge={"kg": KnowledgeSettings("facts.csv", **graph)},  # type: ignore[arg-type]
    )


def test_each_relation_is_a_field(folder: Path) -> None:
    data = read(settings(), folder)
    fields = data.catalogue.fields
    assert fields["kg.director"].to_list() == [["joe"], ["mann"], None]
    assert fields["kg.actor"].to_list() == [["robin", "kirsten"], None, None]
    assert "facts.csv" in data.sources
    (finding,) = [f for f in data.findings if f.code == "knowledge-links"]
    assert finding.message.startswith("2 of 3 items are linked to an entity of kg (2 surely)")
    assert finding.examples == ("c",)


def test_two_hops_follow_relations_of_relations(folder: Path) -> None:
    fields = read(settings(hops=2), folder).catalogue.fields
    assert fields["kg.director.born_in"].to_list() == [["texas"], ["chicago"], None]


def test_the_rarest_fields_are_left_out(folder: Path) -> None:
    fields = read(settings(hops=2, most_fields=2), folder).catalogue.fields
    assert [f for f in fields.columns if f.startswith("kg.")] == [
        "kg.director",
        "kg.director.born_in",
    ]


def test_items_are_linked_by_name(folder: Path) -> None:
    (folder / "facts.csv").write_text("head,relation,tail\nJumanji,director,joe\nHeet,director,x\n")
    by_name = settings(link="name", link_field="title")
    assert read(by_name, folder).catalogue.fields["kg.director"].to_list() == [["joe"], None, None]


def test_items_may_be_tails(folder: Path) -> None:
    (folder / "facts.csv").write_text("head,relation,tail\njoe,made,a\njoe,made,b\n")
    fields = read(settings(items="tails"), folder).catalogue.fields
    assert fields["kg.made"].to_list() == [["joe"], ["joe"], None]


def test_frames_get_fields_too(folder: Path) -> None:
    log = pl.DataFrame({"user_id": ["u", "v"], "item_id": ["a", "b"]})
    graph = {"kg": KnowledgeSettings(str(folder / "facts.csv"))}
    fields = read_frames(log, settings=DataSettings(knowledge=graph)).catalogue.fields
    assert fields["kg.director"].to_list() == [["joe"], ["mann"]]


def test_a_graph_without_any_item_is_refused(folder: Path) -> None:
    (folder / "facts.csv").write_text("head,relation,tail\nx,director,joe\n")
    with pytest.raises(BadInput, match="none of the 3 items"):
        read(settings(), folder)


def test_fields_are_not_overwritten(folder: Path) -> None:
    (folder / "items.csv").write_text("item_id,kg.director\na,x\nb,y\nc,z\n")
    with pytest.raises(BadInput, match="give the section another name"):
        read(settings(), folder)


def test_names_need_a_field_to_be_compared_with() -> None:
    with pytest.raises(BadRecipe, match="link_field"):
        KnowledgeSettings("facts.csv", link="name")


def test_the_recipe_names_files_in_full(tmp_path: Path) -> None:
    table = {
        "data": {"interactions": "log.csv", "knowledge": {"kg": {"triples": "facts.csv"}}},
        "split": {"part": "split.leave_last_out.v1"},
        "models": {"popular": {"part": "model.popularity.v1"}},
    }
    recipe = parse(table, tmp_path)
    assert str(tmp_path / "facts.csv") in recipe.toml_for_anywhere()
    assert recipe.data.knowledge["kg"].triples == "facts.csv"
    table["data"]["knowledge"]["kg"]["tripels"] = "x"  # type: ignore[index]
    with pytest.raises(BadRecipe, match="triples"):
        parse(table, tmp_path)
