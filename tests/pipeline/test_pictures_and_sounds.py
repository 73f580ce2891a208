"""A catalogue with pictures and sounds, from files to the leaderboard; some of the files are
missing or broken.
"""

import io
import json
import shutil

import numpy as np
import polars as pl
import pytest

import palate
from palate.seeding import generator
from palate.store import read as read_artefact
from palate.testing.files import made_sound

Image = pytest.importorskip("PIL.Image")

N_ITEMS = 60


def poster(item):
    """Reddish for even items, bluish for odd ones; the rest is chance."""
    noise = generator(item, "poster").integers(0, 60, (12, 8, 3), np.uint8)
    noise[:, :, 0 if item % 2 == 0 else 2] += 150
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with log.csv, items.csv, posters/ and clips/; a poster is cut off, one is missing,
    one is no name.
    """
    folder = tmp_path_factory.mktemp("shop")
    random = generator(0, "shop")
    (folder / "posters").mkdir()
    (folder / "clips").mkdir()
    for item in range(N_ITEMS):
        (folder / "posters" / f"{item}.png").write_bytes(poster(item))
        (folder / "clips" / f"{item}.wav").write_bytes(made_sound(item, 0.1))
    (folder / "posters" / "4.png").write_bytes(poster(4)[:60])
    (folder / "posters" / "5.png").unlink()
    names = [f"posters/{item}.png" if item != 6 else None for item in range(N_ITEMS)]
    clips = [f"clips/{item}.wav" for item in range(N_ITEMS)]
    items = pl.DataFrame(
        {"item_id": [f"i{n}" for n in range(N_ITEMS)], "poster": names, "clip": clips}
    )
    items.write_csv(folder / "items.csv")
    log = []
    for user in range(80):
        liked = np.arange(user % 2, N_ITEMS, 2)
        log += [
            (f"u{user}", f"i{i}", t) for t, i in enumerate(random.choice(liked, 8, replace=False))
        ]
    pl.DataFrame(log, schema=["user_id", "item_id", "timestamp"], orient="row").write_csv(
        folder / "log.csv"
    )
    return folder


RECIPE = {
    "name": "pictures",
    "split": {"part": "split.leave_last_out.v1"},
    "blocks": {
        "image.poster": {
            "part": "image.classical.v1",
            "fields": ["poster"],
            "groups": ["colour", "layout"],
        },
        "audio.clip": {"part": "audio.spectral.v1", "groups": ["mel"]},
    },
    "models": {
        "chance": {"part": "model.random.v1"},
        "looks": {"part": "model.text_kernel.v1", "block": "image.poster"},
    },
    "evaluate": {"metrics": ["ndcg@10"]},
}


def test_a_run_with_pictures(shop, tmp_path):
    data = palate.read(interactions=str(shop / "log.csv"), items=str(shop / "items.csv"))
    run = palate.run(data, RECIPE, folder=tmp_path / "run")
    found = {
        f["code"]: f for f in json.loads((tmp_path / "run" / "data.json").read_text())["findings"]
    }
    assert found["missing-pictures"]["count"] == found["broken-pictures"]["count"] == 1
    assert "posters/5.png: there is no such file" in found["missing-pictures"]["message"]
    assert "posters/4.png" in found["broken-pictures"]["message"]
    assert not any("sounds" in code for code in found)
    assert "posters/5.png" in (tmp_path / "run" / "report.html").read_text()

    block = read_artefact(tmp_path / "run" / "features" / "image.poster")
    assert np.flatnonzero(~block.arrays["present"]).tolist() == [4, 5, 6]
    assert not block.arrays["matrix"][4:7].any()
    assert block.facts["columns"][0] == "colour.hue0.saturation0.value0"
    assert block.facts["origin"]["fields"] == ["poster"]
    assert read_artefact(tmp_path / "run" / "features" / "audio.clip").facts["origin"][
        "fields"
    ] == ["clip"]

    board = run.leaderboard()
    score = {
        row["model"]: row["value"] for row in board.iter_rows(named=True) if row["slice"] == "all"
    }
    # Looks say which half of the shop a user likes.
    assert score["looks"] > 1.5 * score["chance"]


def test_the_same_shop_elsewhere_gives_the_same_block(shop, tmp_path):
    moved = shutil.copytree(shop, tmp_path / "moved")
    keys = []
    for place in (shop, moved):
        data = palate.read(interactions=str(place / "log.csv"), items=str(place / "items.csv"))
        palate.run(data, {**RECIPE, "name": "again"}, folder=tmp_path / f"run{len(keys)}")
        keys.append(
            read_artefact(tmp_path / f"run{len(keys)}" / "features" / "image.poster").facts["key"]
        )
    assert keys[0] == keys[1]


def test_pictures_may_be_bytes_in_a_frame(shop, tmp_path):
    items = pl.read_csv(shop / "items.csv").drop("clip")
    held = [poster(n) if n % 7 else None for n in range(N_ITEMS)]
    data = palate.read(
        interactions=pl.read_csv(shop / "log.csv"),
        items=items.with_columns(poster=pl.Series(held, dtype=pl.Binary)),
    )
    blocks = {"image.poster": RECIPE["blocks"]["image.poster"]}
    palate.run(data, {**RECIPE, "blocks": blocks}, folder=tmp_path / "run")
    block = read_artefact(tmp_path / "run" / "features" / "image.poster")
    assert block.arrays["present"].tolist() == [n % 7 > 0 for n in range(N_ITEMS)]


@pytest.mark.parametrize("form", ["bytes", "objects"])
def test_pictures_may_be_bytes_in_a_parquet_file(shop, tmp_path, form):
    held = [poster(n) if n % 7 else None for n in range(N_ITEMS)]
    if form == "objects":
        held = [None if h is None else {"bytes": h, "path": "a.png"} for h in held]
    items = pl.DataFrame({"item_id": [f"i{n}" for n in range(N_ITEMS)], "poster": held})
    items.write_parquet(tmp_path / "items.parquet")
    data = palate.read(interactions=str(shop / "log.csv"), items=str(tmp_path / "items.parquet"))
    assert any("poster" in guess and "bytes were kept" in guess for guess in data.data.guesses)
    blocks = {"image.poster": RECIPE["blocks"]["image.poster"]}
    palate.run(data, {**RECIPE, "blocks": blocks}, folder=tmp_path / "run")
    block = read_artefact(tmp_path / "run" / "features" / "image.poster")
    assert block.arrays["present"].tolist() == [n % 7 > 0 for n in range(N_ITEMS)]
