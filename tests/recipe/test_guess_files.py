"""Pictures and sounds that a catalogue names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

import palate
from palate.recipe import guess_files
from palate.recipe.guess_blocks import guessed_blocks
from palate.recipe.guess_files import guessed_files
from palate.tables import Catalogue, Vocabulary

N = 60


def catalogue(folder: Path, **fields: list[object]) -> Catalogue:
    ids = Vocabulary(tuple(f"i{n}" for n in range(N)))
    return Catalogue(ids, pl.DataFrame(fields), folder=folder)


def names(ending: str = ".png", folder: str = "photos") -> list[object]:
    return [f"{folder}/{n}{ending}" for n in range(N)]


@pytest.fixture(autouse=True)
def _no_vision_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_files, "at_hand", lambda model: False)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    image = pytest.importorskip("PIL.Image", reason="needs Pillow, of the extra image")
    (tmp_path / "photos").mkdir()
    rng = np.random.default_rng(0)
    for n in range(N):
        pixels = rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
        image.fromarray(pixels).save(tmp_path / "photos" / f"{n}.png")
    return tmp_path


def test_pictures_that_are_there_are_read_and_their_names_are_no_words(shop: Path) -> None:
    photo = [None if n % 10 == 0 else name for n, name in enumerate(names())]
    made = guessed_blocks(catalogue(shop, photo=photo))
    assert list(made.blocks) == ["image.look"]
    assert made.blocks["image.look"]["part"] == "image.classical.v1"
    assert made.blocks["image.look"]["fields"] == ["photo"]
    assert any("photo" in why and "pictures" in why for why in made.reasons)


def test_a_vision_model_that_is_here_reads_what_they_show(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess_files, "at_hand", lambda model: True)
    monkeypatch.setattr(guess_files, "usable", lambda: True)
    items = catalogue(shop, photo=names())
    assert guessed_files(items).blocks["image.look"]["part"] == "image.transformer.v1"
    monkeypatch.setattr(guess_files, "MOST_SEEN", N - 1)
    assert guessed_files(items).blocks["image.look"]["part"] == "image.classical.v1"


@pytest.mark.parametrize(
    ("field", "said"),
    [
        (names(folder="elsewhere"), "do not lie where they should"),
        (names(folder="https://shop.example/p"), "download the files first"),
        (names(".mp3"), "do not lie where they should"),
    ],
)
def test_files_out_of_reach_are_said_and_left_out(
    shop: Path, field: list[object], said: str
) -> None:
    made = guessed_blocks(catalogue(shop, photo=field))
    assert made.blocks == {}
    assert any('"photo"' in why and said in why for why in made.reasons)


def test_too_many_are_left_to_the_recipe(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guess_files, "MOST_FILES", N - 1)
    found = guessed_files(catalogue(shop, photo=names()))
    assert not found.blocks
    assert "take long" in found.reasons[0]


def test_without_the_library_the_reason_names_the_extra(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guess_files, "has", lambda module: False)
    found = guessed_files(catalogue(shop, photo=names()))
    assert not found.blocks
    assert "palate[image]" in found.reasons[0]


def test_plain_sounds_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "photos").mkdir()
    for n in range(N):
        (tmp_path / "photos" / f"{n}.wav").write_bytes(b"RIFF")
    monkeypatch.setattr(guess_files, "has", lambda module: False)
    found = guessed_files(catalogue(tmp_path, sound=names(".wav")))
    assert found.blocks["audio.sound"]["part"] == "audio.spectral.v1"


def test_names_and_titles_are_no_files(tmp_path: Path) -> None:
    items = catalogue(tmp_path, title=[f"film {n}" for n in range(N)], year=list(range(N)))
    assert guessed_files(items) == guess_files.GuessedFiles()


def test_a_shop_with_photographs_runs(shop: Path) -> None:
    rng = np.random.default_rng(1)
    log = pl.DataFrame({"user_id": rng.integers(0, 80, 1200), "item_id": rng.integers(0, N, 1200)})
    log.with_columns(pl.format("i{}", "item_id").alias("item_id")).write_csv(shop / "clicks.csv")
    items = pl.DataFrame({"item_id": [f"i{n}" for n in range(N)], "photo": names()})
    items.write_csv(shop / "items.csv")
    run = palate.run(
        palate.read(shop / "clicks.csv", shop / "items.csv"),
        folder=shop / "run",
        choose__families=["popularity", "item-knn"],
        report__map_items=0,
        report__users=0,
    )
    assert "image.look" in run.recipe.blocks
    table = run.leaderboard()
    assert table.filter(pl.col("slice") == "all").height


def test_files_that_are_not_there_are_counted(shop: Path) -> None:
    photo = [*names()[:-3], "photos/x.png", "photos/y.png", "photos\\59.png"]
    (why,) = guessed_files(catalogue(shop, photo=photo)).reasons
    assert why.endswith("; 2 of 60 are not there, such as photos/x.png.")
