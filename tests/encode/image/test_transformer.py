"""Vision models of every kind, tiny and random, against transformers itself."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from palate.encode import torch_choice as choosing
from palate.encode.content_encoder import content_matrix
from palate.encode.files import open_named
from palate.encode.image.transformer import ImageTransformer, ImageTransformerSettings
from palate.encode.row_cache import RowCache
from palate.errors import BadInput, BadRecipe
from palate.testing.files import made_picture

pytest.importorskip("PIL")
torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

FAMILIES = ["vit", "deit", "clip", "clip_vision_model", "siglip", "dinov2", "dinov2_with_registers"]


def part(place, **settings):
    return ImageTransformer(ImageTransformerSettings(model=str(place), **settings))


def contents(n=6, **size):
    from pathlib import Path

    return [open_named(made_picture(seed, **size), Path(), 10**6) for seed in range(n)]


def matrix(encoder, some, cache=None):
    return content_matrix(encoder, some, cache)[0]


def expected(folder, family, pooling, some):
    """What transformers says about the same arrays, through its general classes."""
    encoder = part(folder)
    pixels = torch.from_numpy(np.stack([encoder.decoded(c.data, "a") for c in some]))
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    with torch.no_grad():
        if family == "clip" and pooling == "own":
            out = model.get_image_features(pixel_values=pixels)
            return np.asarray(getattr(out, "pooler_output", out))
        tower = model.vision_model if family in ("clip", "siglip") else model
        out = tower(pixel_values=pixels)
        if family == "clip_vision_model" and pooling == "own":
            whole = transformers.CLIPVisionModelWithProjection.from_pretrained(
                folder, local_files_only=True
            )
            return whole(pixel_values=pixels).image_embeds.numpy()
        if family == "siglip" and pooling == "own":
            return out.pooler_output.numpy()
        first = {"siglip": 0, "deit": 2, "dinov2_with_registers": 4}.get(family, 1)
        hidden = out.last_hidden_state
        return (hidden[:, first:].mean(1) if pooling == "mean" else hidden[:, 0]).numpy()


@pytest.mark.parametrize("pooling", ["own", "cls", "mean"])
@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_transformers(vision, family, pooling):
    if (family, pooling) == ("siglip", "cls"):
        with pytest.raises(BadRecipe, match="no class token"):
            matrix(part(vision(family), pooling=pooling), contents(1))
        return
    encoder = part(vision(family), pooling=pooling, normalise=False)
    found = matrix(encoder, contents())
    assert found.shape == (6, encoder.width())
    np.testing.assert_allclose(
        found, expected(vision(family), family, pooling, contents()), atol=2e-5
    )
    assert len(np.unique(found.round(4), axis=0)) == 6


def test_a_batch_does_not_show(vision):
    some = [*contents(5), *contents(4, width=60, height=20)]
    together = matrix(part(vision("clip"), batch=9), some)
    for batch in (1, 2, 4):
        assert matrix(part(vision("clip"), batch=batch), some).tobytes() == together.tobytes()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)


def test_pictures_of_different_shapes_without_a_crop(vision, tmp_path):
    folder = shutil.copytree(vision("dinov2"), tmp_path / "model")
    told = json.loads((folder / "preprocessor_config.json").read_text())
    (folder / "preprocessor_config.json").write_text(json.dumps({**told, "do_center_crop": False}))
    some = [*contents(2, width=24, height=16), *contents(2, width=16, height=24)]
    found = matrix(part(folder), some)
    assert found[2:].tobytes() == matrix(part(folder), some[2:]).tobytes()
    assert np.isfinite(found).all()


def test_weights_load_on_first_use_and_not_for_what_is_kept(vision, tmp_path):
    first, second = part(vision("vit")), part(vision("vit"))
    kept = matrix(first, contents(), RowCache(tmp_path))
    assert matrix(second, contents(), RowCache(tmp_path)).tobytes() == kept.tobytes()
    assert "model" in vars(first)
    assert "model" not in vars(second)


def test_bf16_is_close(vision, monkeypatch):
    monkeypatch.setattr(choosing, "_multiplies_bf16", lambda: True)
    plain, short = (matrix(part(vision("vit"), precision=p), contents()) for p in ("f32", "bf16"))
    assert (plain * short).sum(axis=1).min() > 0.99
    assert plain.tobytes() != short.tobytes()


def test_bf16_is_refused_where_it_is_slow(vision, monkeypatch):
    monkeypatch.setattr(choosing, "_multiplies_bf16", lambda: False)
    monkeypatch.setattr(choosing, "_has_gpu", lambda: False)
    assert part(vision("vit")).choice.precision == "f32"
    with pytest.raises(BadRecipe, match="does not multiply bf16"):
        part(vision("vit"), precision="bf16").identity()


def test_a_model_of_another_type_is_refused(tmp_path):
    from palate.testing.language_models import make_language_model

    with pytest.raises(BadInput, match="model of type bert"):
        part(make_language_model(tmp_path, "bert")).width()


def test_missing_weights_are_never_drawn_at_random(vision, tmp_path):
    from safetensors.numpy import load_file, save_file

    folder = shutil.copytree(vision("clip"), tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    del weights["visual_projection.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(BadInput, match=r"missing, the first visual_projection\.weight"):
        matrix(part(folder), contents(1))


def test_a_damaged_picture_spoils_no_batch(vision):
    from pathlib import Path

    some = contents(5)
    some.insert(2, open_named(made_picture(9)[:50], Path(), 10**6))
    found, present = content_matrix(part(vision("vit"), batch=3), some)
    assert present.tolist() == [True, True, False, True, True, True]
    assert (
        np.delete(found, 2, axis=0).tobytes() == matrix(part(vision("vit")), contents(5)).tobytes()
    )


CHANGES = {"pooling": "mean", "normalise": False}
KEEPS = {
    "fields": ("x",),
    "folder": "y",
    "max_pixels": 5,
    "max_bytes": 5,
    "on_error": "fail",
    "batch": 3,
    "revision": "m",
}


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(ImageTransformerSettings)])
def test_every_setting_is_in_the_key_or_changes_no_vector(name, vision, tmp_path):
    base = part(vision("vit")).identity()
    if name == "model":
        from palate.testing.vision_models import make_vision_model

        assert part(make_vision_model(tmp_path / "other", "vit", seed=1)).identity() != base
        copy = shutil.copytree(vision("vit"), tmp_path / "copy")
        assert part(copy).identity() == base
        told = json.loads((copy / "preprocessor_config.json").read_text())
        (copy / "preprocessor_config.json").write_text(json.dumps({**told, "resample": 3}))
        assert part(copy).identity() != base
    elif name == "precision":
        assert base["precision"] == "f32" or base["device"] == "cuda"
    else:
        changed = part(vision("vit"), **{name: (CHANGES | KEEPS)[name]}).identity()
        assert (changed != base) == (name in CHANGES)
