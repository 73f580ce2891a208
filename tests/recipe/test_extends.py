from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from palate.errors import BadRecipe, PalateError, SeveralProblems
from palate.recipe import extends
from palate.recipe.recipe import load, parse

BASE = """
name = "base"
seed = 3
[data]
interactions = "clicks.csv"
[split]
part = "split.leave_last_out.v1"
[blocks."text.tfidf"]
part = "text.tfidf.v1"
fields = ["title", "genre"]
[models.popularity]
part = "model.popularity.v1"
[models.ease]
part = "model.ease.v1"
l2 = 50.0
query = { last = 5, fade = 2.0 }
[models.words]
part = "model.text_kernel.v1"
block = "text.tfidf"
[evaluate]
metrics = ["ndcg@10", "recall@10"]
seeds = 4
"""


def written(folder: Path, **files: str) -> Path:
    """Writes each `NAME.toml`, and gives the path of the last one."""
    for name, text in files.items():
        path = folder / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path


def child(folder: Path, text: str, base: str = BASE) -> Path:
    return written(folder, base=base, child=f'extends = "base.toml"\n{text}')


def test_a_recipe_that_changes_nothing_is_its_base_but_for_the_name(tmp_path: Path) -> None:
    path = child(tmp_path, "")
    base, found = load(tmp_path / "base.toml").resolved(), load(path).resolved()
    assert found.pop("name") == "child"  # the run folder of the base stays its own
    assert base.pop("name") == "base"
    assert found == base


def test_tables_merge_key_by_key_and_lists_replace(tmp_path: Path) -> None:
    path = child(
        tmp_path,
        """
        [models.ease]
        l2 = 7.0
        query = { last = 9 }
        [evaluate]
        metrics = ["ndcg@10"]
        """,
    )
    recipe = load(path)
    ease = recipe.models["ease"].resolved()
    assert (ease["l2"], ease["query"]["last"], ease["query"]["fade"]) == (7.0, 9, 2.0)
    assert recipe.evaluate.metrics == ("ndcg@10",)
    assert (recipe.seed, recipe.evaluate.seeds) == (3, 4)


def test_another_part_replaces_the_whole_table(tmp_path: Path) -> None:
    path = child(tmp_path, '[models.ease]\npart = "model.popularity.v1"')
    # l2 and query are no settings of popularity: had they stayed, the recipe would be refused
    assert load(path).models["ease"].name == "model.popularity.v1"
    assert extends.read(path).table["models"]["ease"] == {"part": "model.popularity.v1"}


def test_the_same_part_named_again_keeps_what_is_inherited(tmp_path: Path) -> None:
    path = child(tmp_path, '[models.ease]\npart = "model.ease.v1"')
    assert load(path).models["ease"].settings.l2 == 50.0


def test_inherited_names_keep_their_place_and_new_ones_follow(tmp_path: Path) -> None:
    path = child(
        tmp_path,
        """
        [models.ials]
        part = "model.ials.v1"
        [models.popularity]
        """,
    )
    assert list(load(path).models) == ["popularity", "ease", "words", "ials"]


def test_dropped_tables_and_keys_are_gone(tmp_path: Path) -> None:
    path = child(
        tmp_path,
        """drop = ["models.words", 'blocks."text.tfidf"', "models.ease.l2", "evaluate.seeds"]""",
    )
    recipe = load(path)
    assert list(recipe.models) == ["popularity", "ease"]
    assert not recipe.blocks
    assert (recipe.models["ease"].settings.l2, recipe.evaluate.seeds) != (50.0, 4)


def test_what_is_dropped_may_be_named_again_and_then_stands_last(tmp_path: Path) -> None:
    path = child(
        tmp_path, 'drop = ["models.popularity"]\n[models.popularity]\npart = "model.popularity.v1"'
    )
    assert list(load(path).models) == ["ease", "words", "popularity"]


def test_a_chain_of_three_and_the_youngest_wins(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        base=BASE,
        middle='extends = "base.toml"\n[models.ease]\nl2 = 1.0\n[evaluate]\nseeds = 2',
        child='extends = "middle.toml"\n[models.ease]\nl2 = 2.0',
    )
    recipe = load(path)
    assert (recipe.models["ease"].settings.l2, recipe.evaluate.seeds, recipe.name) == (
        2.0,
        2,
        "child",
    )


def test_the_command_line_overrides_what_is_inherited(tmp_path: Path) -> None:
    assert load(child(tmp_path, ""), ["evaluate.seeds=9"]).evaluate.seeds == 9


def test_what_is_written_out_extends_nothing(tmp_path: Path) -> None:
    recipe = load(child(tmp_path, 'drop = ["models.words"]'))
    table = tomllib.loads(recipe.toml())
    assert not {"extends", "drop"} & set(table)
    assert parse(table, recipe.base) == recipe


def test_files_lie_beside_the_recipe_that_names_them(tmp_path: Path) -> None:
    base = BASE + '[blocks.own]\npart = "vectors.file.v1"\npath = "vectors.npy"\nids = "ids.txt"\n'
    written(tmp_path / "shared", base=base)
    path = written(tmp_path / "mine", child='extends = "../shared/base.toml"')
    recipe = load(path)
    assert Path(recipe.data.interactions) == tmp_path / "shared" / "clicks.csv"
    assert Path(recipe.blocks["own"].encoder.settings.path) == tmp_path / "shared" / "vectors.npy"
    own = written(
        tmp_path / "mine",
        child='extends = "../shared/base.toml"\n[data]\ninteractions = "mine.csv"',
    )
    assert load(own).data.interactions == "mine.csv"  # beside the child, as ever


def test_a_variable_is_no_relative_path(tmp_path: Path) -> None:
    written(tmp_path / "shared", base=BASE.replace("clicks.csv", "$PALATE_DATA/clicks.csv"))
    path = written(tmp_path / "mine", child='extends = "../shared/base.toml"')
    assert load(path).data.interactions == "$PALATE_DATA/clicks.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('extends = "bse.toml"', ["child.toml: extends", "bse.toml", 'did you mean "base"?']),
        ("extends = 3", ["child.toml: extends", "3 names no recipe"]),
        ('extends = ["base.toml"]', ["child.toml: extends", "one TOML file"]),
        ('drop = ["models.ease"]', ["child.toml: drop", "nothing is inherited"]),
        ('extends = "child.toml"', ["in a circle: child.toml -> child.toml"]),
        ('extends = "base.toml"\ndrop = "models"', ["child.toml: drop", "is not a list of keys"]),
        (
            'extends = "base.toml"\ndrop = ["models.eas"]',
            ["child.toml: drop, models.eas", "base.toml", "under models", 'did you mean "ease"?'],
        ),
        (
            'extends = "base.toml"\ndrop = ["models.ease.l2.x"]',
            ["child.toml: drop", '"x" under models.ease.l2 is not inherited'],
        ),
        ('extends = "base.toml"\ndrop = ["a b"]', ["child.toml: drop", "not a dotted key"]),
        ('extends = "broken.toml"', ["broken.toml", "child.toml", "not TOML"]),
    ],
)
def test_refusals_name_both_files_and_the_key(tmp_path: Path, text: str, words: list[str]) -> None:
    path = written(tmp_path, base=BASE, broken="a = ", child=text)
    with pytest.raises(BadRecipe) as error:
        load(path)
    assert [word for word in words if word not in str(error.value)] == []


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ('[blocks.a.want]\n\u60c5\u611f = {kind = "label"}\n', '"\u60c5\u611f" = ...'),
        ("gr\u00f6\u00dfe = 3", '"gr\u00f6\u00dfe" = ...'),
        ('name = "\u60c5\u611f', ""),
        ("# \u60c5\u611f = 3\na = ", ""),
    ],
)
def test_a_key_that_needs_quotation_marks_is_named(tmp_path: Path, text: str, step: str) -> None:
    with pytest.raises(BadRecipe, match="not TOML") as error:
        load(written(tmp_path, mine=text))
    assert (step in error.value.next_step) if step else not error.value.next_step


def test_a_circle_of_two_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, a='extends = "b.toml"', b='extends = "a.toml"')
    with pytest.raises(BadRecipe, match=r"circle: b\.toml -> a\.toml -> b\.toml"):
        load(path)


@pytest.mark.parametrize(
    ("base", "text", "words"),
    [
        (BASE.replace("l2", "l3"), "", ["models.ease.l3 in", "base.toml, which child.toml ext"]),
        (BASE, "[models.ease]\nl3 = 1", ["models.ease.l3 in", "child.toml, which extends base"]),
        (BASE, "[evaluate]\nmetrix = []", ["evaluate.metrix in", "child.toml, which extends"]),
        (BASE.replace("fields", "feilds"), "", ["blocks.text.tfidf.feilds in", "base.toml, which"]),
        (BASE + "[modles]\n", "", ["modles in", "base.toml, which child.toml extends"]),
        # the base says the member, the child drops it: the key stands in the base
        (BASE, """drop = ['blocks."text.tfidf"']""", ["models.words in", "base.toml, which"]),
    ],
)
def test_an_unknown_key_names_the_file_that_says_it(
    tmp_path: Path, base: str, text: str, words: list[str]
) -> None:
    with pytest.raises(BadRecipe) as error:
        load(child(tmp_path, text, base))
    assert [word for word in words if word not in str(error.value)] == []


def test_several_problems_each_name_their_file(tmp_path: Path) -> None:
    path = child(tmp_path, "[evaluate]\nmetrix = []", BASE.replace("l2", "l3"))
    with pytest.raises(SeveralProblems) as error:
        load(path)
    places = sorted(problem.where for problem in error.value.problems)
    assert ["child.toml, which" in places[0], "base.toml, which" in places[1]] == [True, True]


def test_the_command_line_is_not_blamed_on_a_file(tmp_path: Path) -> None:
    for override in ("evaluate.seeds=0", "models.ease.l3=1", "models.ease.part=model.eas.v1"):
        with pytest.raises(PalateError) as error:
            load(child(tmp_path, ""), [override])
        assert ".toml" not in str(error.value)


def test_a_recipe_that_extends_nothing_has_errors_as_before(tmp_path: Path) -> None:
    path = written(tmp_path, base=BASE.replace("l2", "l3"))
    with pytest.raises(BadRecipe) as error:
        load(path)
    assert error.value.where == "models.ease.l3"
