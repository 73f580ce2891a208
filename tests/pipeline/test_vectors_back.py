"""`palate encode` in any format -> the files as blocks -> the same leaderboard."""

from __future__ import annotations

import json

import numpy as np
import pytest

from palate.encode.vectors.formats import WRITERS
from palate.pipeline.encode import encode
from palate.pipeline.run import run
from palate.progress import Silent
from palate.recipe.recipe import parse

SECONDS = ("seconds", "fit_seconds", "score_seconds")


@pytest.fixture
def recipe(files, table):
    """`recipe(blocks)` -> the small recipe with these blocks, data from files."""

    def make(block):
        changed = {
            **table,
            "data": {"interactions": "log.csv", "items": "items.parquet"},
            "blocks": {"text.words": block},
            "models": {
                "words": {"part": "model.text_kernel.v1", "block": "text.words"},
                "ids": {"part": "model.cooccurrence.v1"},
                "both": {"part": "model.blend.v1", "members": ["ids", "words"]},
            },
        }
        return parse(changed, files, "small")

    return make


def leaderboard(recipe, folder):
    run(recipe, folder)
    rows = json.loads((folder / "leaderboard.json").read_text())
    return [{k: v for k, v in row.items() if k not in SECONDS} for row in rows]


@pytest.fixture
def expected(recipe, tmp_path):
    return leaderboard(
        recipe({"part": "text.hashing.v1", "dims": 64, "fields": ["title"]}), tmp_path / "as_texts"
    )


def test_the_same_leaderboard_from_every_format(recipe, expected, files, tmp_path):
    made = recipe({"part": "text.hashing.v1", "dims": 64, "fields": ["title"]})
    for kind in WRITERS:
        (written,) = encode(made, files / "features" / kind, kind, Silent())
        assert written.items == 75
        block = {"part": "vectors.file.v1", "path": str(written.path.relative_to(files))}
        if kind == "mmrec":
            block["ids"] = f"features/{kind}/i_id_mapping.csv"
        back = recipe(block)
        assert parse(back.resolved(), files / "elsewhere").blocks == back.blocks
        if kind in ("npy", "atomic"):
            assert leaderboard(back, tmp_path / kind) == expected
        else:
            features = np.asarray(_block(back, made).matrix)
            assert features.tobytes() == np.asarray(_block(made, made).matrix).tobytes(), kind


def _block(recipe, like):
    from palate.data.assemble import read
    from palate.data.clean import clean
    from palate.encode.blocks import encode_block

    data, _ = clean(read(like.data, like.base), like.clean)
    block = recipe.blocks["text.words"]
    rows = np.arange(len(data.catalogue), dtype=np.int32)
    return encode_block("text.words", block.encoder, block.shape, data.catalogue, rows).block


def test_encoded_by_worker_processes_the_file_is_the_same(recipe, files):
    made = recipe({"part": "text.hashing.v1", "dims": 64, "fields": ["title"]})
    other = parse(
        {**made.resolved(), "execute": {"kind": "processes", "workers": 1}}, files, "small"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PALATE_CACHE", str(files / "no cache yet"))
        (here,) = encode(made, files / "here", "npy", Silent())
        patch.setenv("PALATE_CACHE", str(files / "nor here"))
        (there,) = encode(other, files / "there", "npy", Silent())
    assert here.path.read_bytes() == there.path.read_bytes()
