"""Model card and data sheet: what the files say, what the owner states, and what is missing."""

from __future__ import annotations

import re

import pytest

from palate.recipe.settings import CardSettings
from palate.report.cards import cards
from palate.report.template import in_markdown
from palate.runs.files import RunFiles, read

HOSTILE = "a | b <script>x</script> [c](d) # e\n\n## f"
KEYS = tuple(CardSettings.__dataclass_fields__)


@pytest.fixture
def files(make_run) -> RunFiles:
    return read(make_run())


def test_the_files_are_in_the_cards(files):
    made = cards(files)
    assert files.summary is not None
    assert f"`{files.summary.best_model}`" in made.model
    assert "| NDCG@10 | all test users | " in made.model
    assert in_markdown(files.summary.headline) in made.model
    assert files.data is not None
    for name, digest in files.data.sources.items():
        assert in_markdown(name) in made.data
        assert digest in made.data


def test_what_is_not_stated_is_shown_as_missing(files):
    both = "".join(vars(cards(files)).values())
    assert {key for key in KEYS if f"Not stated: `[card] {key}`" in both} == set(KEYS)


def test_what_is_stated_is_shown(files):
    stated = "".join(f'{key} = "the {key} <b>"\n' for key in KEYS)
    recipe = f"{files.recipe}\n[card]\n{stated}"
    both = "".join(vars(cards(RunFiles(**{**vars(files), "recipe": recipe}))).values())
    assert "Not stated" not in both
    assert all(in_markdown(f"the {key} <b>") in both for key in KEYS)


def test_tables_keep_their_columns_whatever_names_say(make_run):
    made = cards(read(make_run(titles=[HOSTILE, HOSTILE])))
    for text in vars(made).values():
        for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
            assert len(widths) == 1, block
        assert "<script>" not in text


def test_no_line_is_blank_twice(files):
    for text in vars(cards(files)).values():
        assert "\n\n\n" not in text
        assert text.startswith("# ")


def test_nothing_at_all_still_has_cards():
    made = cards(RunFiles("empty"))
    assert "Nothing was measured." in made.model
    assert "In memory" in made.data
