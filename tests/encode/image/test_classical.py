"""Colours, layout, edges, patterns and shape of pictures whose answer is known."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from palate.encode.content_encoder import encode_rows
from palate.encode.image.classical import Classical, ClassicalSettings
from palate.encode.row_cache import RowCache
from palate.errors import BadInput
from palate.tables import Catalogue, Vocabulary
from palate.testing.files import made_picture

Image = pytest.importorskip("PIL.Image")


def as_bytes(image, kind="PNG"):
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


def plain(colour, size=(40, 30)):
    return as_bytes(Image.new("RGB", size, colour))


def drawn(pixels):
    return as_bytes(Image.fromarray(np.asarray(pixels, np.uint8)))


def columns(data, **settings):
    part = Classical(ClassicalSettings(**settings))
    return dict(zip(part.columns, part.encoded([part.decoded(data, "a")])[0].tolist(), strict=True))


def catalogue(values, folder="."):
    frame = pl.DataFrame({"poster": values})
    return Catalogue(Vocabulary.of(f"i{n}" for n in range(len(values))), frame, Path(folder))


def encoded(values, base=".", cache=None, **settings):
    shop = catalogue(values, base)
    part = Classical(ClassicalSettings(fields=("poster",), **settings))
    return encode_rows(part.fit(shop, np.arange(len(shop), dtype=np.int32)), shop, cache)


def test_a_red_picture_is_red():
    found = columns(plain("red"))
    assert {c for c, v in found.items() if c.startswith("colour.") and v} == {
        "colour.hue0.saturation1.value1"
    }
    assert found["moment.lightness.mean"] == pytest.approx(0.5324, abs=1e-3)
    assert found["moment.red_green.mean"] == pytest.approx(0.8009, abs=2e-3)
    assert found["moment.lightness.spread"] == pytest.approx(0, abs=1e-6)
    assert found["edge.none"] == 1
    assert found["pattern.fine.8"] == 1
    assert found["shape.aspect"] == pytest.approx(np.log2(40 / 30))
    assert found["shape.size"] == pytest.approx(np.log10(1200 / 1e6))
    assert found["shape.sharpness"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(("colour", "cell"), [("black", 0), ("#606060", 1), ("white", 3)])
def test_greys_have_no_hue(colour, cell):
    found = columns(plain(colour))
    assert {c for c, v in found.items() if c.startswith("colour.") and v} == {f"colour.grey{cell}"}


def test_the_layout_says_where_colours_lie():
    picture = np.zeros((30, 30, 3))
    picture[:10] = 255
    found = columns(drawn(picture))
    assert [found[f"layout.row{y}.column1.lightness"] for y in range(3)] == pytest.approx(
        [1, 0, 0], abs=1e-3
    )


def stripes(step=4, upright=True):
    line = (np.arange(64) // step % 2) * 255
    grey = np.tile(line, (64, 1)) if upright else np.tile(line, (64, 1)).T
    return np.repeat(grey[:, :, None], 3, axis=2)


def test_edges_have_a_direction():
    upright, lying = columns(drawn(stripes())), columns(drawn(stripes(upright=False)))
    assert upright["edge.direction0"] == pytest.approx(lying["edge.direction4"])
    assert upright["edge.direction0"] > 0.6
    assert sum(upright[f"edge.direction{d}"] ** 2 for d in range(8)) + upright[
        "edge.none"
    ] ** 2 == pytest.approx(1)
    assert lying["edge.direction0"] == 0


def test_patterns_do_not_depend_on_rotation_by_quarters():
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    a, b = columns(drawn(noise)), columns(drawn(np.rot90(noise)))
    for name in (c for c in a if c.startswith("pattern.")):
        assert a[name] == pytest.approx(b[name], abs=0.02)
    assert a["pattern.fine.9"] > columns(drawn(stripes()))["pattern.fine.9"]


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (2, 2), (3, 1), (500, 2)])
def test_tiny_and_narrow_pictures_have_finite_columns(size):
    found = columns(made_picture(0, *size))
    assert np.isfinite(list(found.values())).all()
    assert len(found) == Classical().width() == 114


def test_groups_choose_columns():
    found = columns(plain("red"), groups=("shape", "colour"))
    assert list(found)[:3] == ["shape.aspect", "shape.size", "shape.sharpness"]
    assert len(found) == 3 + 36


def test_missing_and_broken_pictures_are_absent_and_named(tmp_path):
    (tmp_path / "good.png").write_bytes(made_picture(1))
    (tmp_path / "copy.png").write_bytes(made_picture(1))
    (tmp_path / "cut.png").write_bytes(made_picture(1)[:40])
    block = encoded(["good.png", "gone.png", "cut.png", None, "copy.png", "gone.png"], tmp_path)
    assert block.present.tolist() == [True, False, False, False, True, False]
    assert not block.matrix[~block.present].any()
    assert np.array_equal(block.matrix[0], block.matrix[4])
    missing, broken = block.findings
    assert (missing.code, missing.count, missing.where) == ("missing-pictures", 2, "poster")
    assert missing.examples == (f"{tmp_path / 'gone.png'}: there is no such file",)
    assert (broken.code, broken.count) == ("broken-pictures", 1)
    assert str(tmp_path / "cut.png") in broken.message


@pytest.mark.parametrize("name", ["gone.png", "cut.png", "https://example.org/a.png"])
def test_a_run_may_fail_instead(tmp_path, name):
    (tmp_path / "cut.png").write_bytes(made_picture(1)[:40])
    with pytest.raises(BadInput, match=name[:8]):
        encoded([name], tmp_path, on_error="fail")


def test_nothing_is_measured_twice(tmp_path, monkeypatch):
    for place in range(6):
        (tmp_path / f"{place}.png").write_bytes(made_picture(place % 4))
    names = [f"{place}.png" for place in range(6)]
    cache = RowCache(tmp_path / "rows")
    first = encoded(names, tmp_path, cache)
    assert (cache.stats.computed, cache.stats.hits) == (4, 0)
    again = encoded([*names, "0.png"], tmp_path, cache)
    assert (cache.stats.computed, cache.stats.hits) == (4, 4)
    assert again.matrix[:6].tobytes() == first.matrix.tobytes()
    assert encoded(names, tmp_path).matrix.tobytes() == first.matrix.tobytes()
    (tmp_path / "3.png").write_bytes(made_picture(9))
    encoded(names, tmp_path, cache)
    assert cache.stats.computed == 5


def test_a_mended_picture_is_tried_again(tmp_path):
    cache = RowCache(tmp_path / "rows")
    (tmp_path / "a.png").write_bytes(made_picture(1)[:40])
    assert not encoded(["a.png"], tmp_path, cache).present.any()
    assert cache.stats.computed == 0
    (tmp_path / "a.png").write_bytes(made_picture(1))
    assert encoded(["a.png"], tmp_path, cache).present.all()


CHANGES = {"groups": ("colour",), "side": 64}
KEEPS = {"fields": ("x",), "folder": "y", "max_pixels": 5, "max_bytes": 5, "on_error": "fail"}


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(ClassicalSettings)])
def test_every_setting_is_in_the_key_or_changes_no_vector(name):
    changed = Classical(ClassicalSettings(**{name: (CHANGES | KEEPS)[name]})).identity()
    assert (changed != Classical().identity()) == (name in CHANGES)


def test_folder_starts_at_the_catalogue(tmp_path):
    (tmp_path / "posters").mkdir()
    (tmp_path / "posters" / "a.png").write_bytes(made_picture())
    assert encoded(["a.png"], tmp_path, folder="posters").present.all()
    assert encoded(["a.png"], "/nowhere", folder=str(tmp_path / "posters")).present.all()


def test_posters_of_films(data_folder):
    folder = data_folder("ml-1m-posters")
    names = pl.read_parquet(folder / "posters.parquet")["file"].head(40).to_list()
    block = encoded(names, folder)
    assert block.present.all()
    assert np.abs(block.matrix).max() < 4
    assert (block.matrix.std(axis=0) > 0).mean() > 0.95
