"""Pictures brought into shape as transformers' own processors do it."""

import io
import json

import numpy as np
import pytest

from palate.encode.image.preprocess import read_preprocessing
from palate.errors import BadInput
from palate.testing.files import made_picture

Image = pytest.importorskip("PIL.Image")


def told(folder, name="preprocessor_config.json", **content):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(content))
    return read_preprocessing(folder)


def picture(width, height):
    noise = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Image.fromarray(noise)


NORMAL = {"image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.3, 0.4]}


@pytest.mark.parametrize("size", [(50, 40), (40, 50), (20, 90), (301, 225)])
@pytest.mark.parametrize(
    "kind", ["CLIPImageProcessor", "ViTImageProcessor", "SiglipImageProcessor", "BitImageProcessor"]
)
def test_arrays_are_those_of_transformers(tmp_path, kind, size):
    pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    library = getattr(transformers, f"{kind}Pil", None)
    if library is None:
        pytest.skip("this transformers has no processor that works with Pillow alone")
    square = {"height": 32, "width": 48}
    wanted = (
        {"size": square}
        if kind[:3] in ("ViT", "Sig")
        else {"size": {"shortest_edge": 36}, "crop_size": square}
    )
    processor = library(**wanted, **NORMAL)
    processor.save_pretrained(tmp_path)
    one = picture(*size)
    expected = processor(one, return_tensors="np")["pixel_values"][0]
    np.testing.assert_allclose(read_preprocessing(tmp_path)(one), expected, atol=1e-5)


def test_old_files_say_less(tmp_path):
    clip = told(
        tmp_path / "clip",
        feature_extractor_type="CLIPFeatureExtractor",
        size=224,
        crop_size=200,
        **NORMAL,
    )
    assert (clip.size, clip.short_side, clip.crop, clip.resample) == (None, 224, (200, 200), 3)
    vit = told(
        tmp_path / "vit",
        feature_extractor_type="ViTFeatureExtractor",
        size=224,
        resample=2,
        **NORMAL,
    )
    assert (vit.size, vit.short_side, vit.crop) == ((224, 224), None, None)
    nested = told(
        tmp_path / "new",
        "processor_config.json",
        image_processor={"size": {"height": 8, "width": 9}, **NORMAL},
    )
    assert nested.size == nested.shape() == (8, 9)


def test_steps_may_be_left_out(tmp_path):
    plain = told(tmp_path, do_resize=False, do_rescale=False, do_normalize=False)
    one = picture(7, 5)
    assert np.array_equal(plain(one), np.asarray(one, np.float32).transpose(2, 0, 1))
    assert plain.shape() is None


def test_a_picture_smaller_than_the_crop_is_set_in_black(tmp_path):
    crop = told(tmp_path, do_resize=False, do_center_crop=True, crop_size=9, do_normalize=False)
    found = crop(picture(5, 20))
    assert found.shape == (3, 9, 9)
    assert not found[:, :, :2].any()
    assert not found[:, :, 7:].any()
    assert found[:, :, 2:7].any()


def test_a_strip_does_not_fill_the_memory(tmp_path):
    strip = told(tmp_path, size={"shortest_edge": 8}, do_center_crop=True, crop_size=8, **NORMAL)
    assert strip(Image.new("RGB", (60_000, 1))).shape == (3, 8, 8)


@pytest.mark.parametrize(
    "content",
    [
        {"size": {"longest_edge": 8}, **NORMAL},
        {"size": {"max_num_patches": 8}, **NORMAL},
        {"do_pad": True, "size": 8, **NORMAL},
        {"resample": 9, "size": 8, **NORMAL},
        {"size": 8},
        {"size": 8, "image_mean": [0.5], "image_std": [0.5]},
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, content):
    with pytest.raises(BadInput, match="cannot be brought into shape"):
        told(tmp_path, **content)


def test_a_folder_that_says_nothing_is_refused(tmp_path):
    with pytest.raises(BadInput, match="save its image processor"):
        read_preprocessing(tmp_path)
    (tmp_path / "preprocessor_config.json").write_text("{")
    with pytest.raises(BadInput, match="not JSON"):
        read_preprocessing(tmp_path)


def test_made_pictures_are_pictures():
    assert Image.open(io.BytesIO(made_picture(0, 5, 7))).size == (5, 7)
