"""Audio models of every kind, tiny and random, against transformers itself."""

import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from palate.encode.audio.transformer import AudioTransformer, AudioTransformerSettings
from palate.encode.content_encoder import content_matrix
from palate.encode.files import open_named
from palate.encode.row_cache import RowCache
from palate.errors import BadInput, BadRecipe
from palate.testing.files import made_sound

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

FAMILIES = ["wav2vec2", "hubert", "wavlm", "whisper", "audio-spectrogram-transformer"]


@pytest.fixture(scope="session")
def hearing(tmp_path_factory):
    from palate.testing.audio_models import make_audio_model

    made = {}

    def model(family="wav2vec2"):
        if family not in made:
            made[family] = make_audio_model(tmp_path_factory.mktemp("audio") / family, family)
        return made[family]

    return model


def part(place, **settings):
    return AudioTransformer(AudioTransformerSettings(model=str(place), **settings))


def contents(n=4, **options):
    return [open_named(made_sound(seed, **options), Path(), 10**7) for seed in range(n)]


def matrix(encoder, some, cache=None):
    return content_matrix(encoder, some, cache)[0]


def expected(folder, family, some):
    """Mean over the frames with sound, through transformers' general classes, one sound at a
    time.
    """
    encoder, rows = part(folder), []
    extractor = transformers.AutoFeatureExtractor.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    for content in some:
        samples = encoder.decoded(content.data, "a")
        inputs = extractor(samples, sampling_rate=16_000, return_tensors="pt")
        with torch.no_grad():
            tower = model.get_encoder() if family == "whisper" else model
            hidden = tower(inputs[extractor.model_input_names[0]]).last_hidden_state[0]
        if family == "whisper":
            hidden = hidden[: int(np.ceil(len(samples) / 320))]
        elif family.startswith("audio"):
            frames = 1 + (len(samples) - 400) // 160
            hidden = hidden[2:].reshape(3, 15, 32)[:, : (frames - 8) // 4 + 1].reshape(-1, 32)
        rows.append(hidden.mean(0).numpy())
    return np.array(rows)


@pytest.mark.parametrize("family", FAMILIES)
def test_vectors_are_those_of_transformers(hearing, family):
    found = matrix(part(hearing(family), normalise=False), contents(seconds=0.4))
    assert found.shape == (4, 32)
    np.testing.assert_allclose(
        found, expected(hearing(family), family, contents(seconds=0.4)), atol=2e-5
    )
    assert len(np.unique(found.round(4), axis=0)) == 4


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_does_not_show(hearing, family):
    some = [*contents(3), *contents(2, seconds=0.55), *contents(2, seconds=1.3)]
    together = matrix(part(hearing(family), batch=7), some)
    for batch in (1, 2, 3):
        assert matrix(part(hearing(family), batch=batch), some).tobytes() == together.tobytes()
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("family", ["wav2vec2", "whisper"])
def test_windows_are_averaged_by_their_length(hearing, family):
    whole = open_named(made_sound(0, seconds=0.75), Path(), 10**7)
    encoder = part(hearing(family), window_seconds=0.5, normalise=False)
    samples = encoder.decoded(whole.data, "a")
    first, second = (encoder.encoded([s])[0] for s in (samples[:8000], samples[8000:]))
    np.testing.assert_allclose(encoder.encoded([samples])[0], (2 * first + second) / 3, atol=1e-5)


def test_a_rest_that_is_too_short_is_left_out_unless_it_is_all(hearing):
    encoder = part(hearing(), window_seconds=0.5)
    samples = encoder.decoded(made_sound(0, seconds=0.51), "a")
    assert np.array_equal(encoder.encoded([samples]), encoder.encoded([samples[:8000]]))
    assert np.isfinite(encoder.encoded([samples[:7]])).all()


def test_the_model_says_how_long_a_window_may_be(hearing):
    assert part(hearing("whisper")).identity()["window"] == 16_000
    assert part(hearing("audio-spectrogram-transformer")).identity()["window"] == 10_240
    assert part(hearing("hubert")).identity()["window"] == 160_000
    with pytest.raises(BadRecipe, match="up to 1"):
        part(hearing("whisper"), window_seconds=2.0).identity()


def test_own_pooling_is_for_ast_alone(hearing):
    own = matrix(part(hearing("audio-spectrogram-transformer"), pooling="own"), contents())
    assert not np.allclose(own, matrix(part(hearing("audio-spectrogram-transformer")), contents()))
    with pytest.raises(BadRecipe, match="no embedding of its own"):
        part(hearing("hubert"), pooling="own").width()


def test_weights_load_on_first_use_and_not_for_what_is_kept(hearing, tmp_path):
    first, second = part(hearing()), part(hearing())
    kept = matrix(first, contents(), RowCache(tmp_path))
    assert matrix(second, contents(), RowCache(tmp_path)).tobytes() == kept.tobytes()
    assert "model" in vars(first)
    assert "model" not in vars(second)


def test_models_that_are_none_are_refused(hearing, tmp_path):
    from palate.testing.language_models import make_language_model

    with pytest.raises(BadInput, match="model of type bert"):
        part(make_language_model(tmp_path / "bert", "bert")).width()
    folder = shutil.copytree(hearing(), tmp_path / "copy")
    (folder / "preprocessor_config.json").unlink()
    with pytest.raises(BadInput, match="save its feature extractor"):
        part(folder).identity()


CHANGES = {"normalise": False, "window_seconds": 0.5, "max_seconds": 5.0}
KEEPS = {
    "fields": ("x",),
    "folder": "y",
    "max_bytes": 5,
    "on_error": "fail",
    "batch": 3,
    "revision": "m",
}


@pytest.mark.parametrize("name", [f.name for f in dataclasses.fields(AudioTransformerSettings)])
def test_every_setting_is_in_the_key_or_changes_no_vector(name, hearing, tmp_path):
    base = part(hearing()).identity()
    if name == "model":
        from palate.testing.audio_models import make_audio_model

        assert part(make_audio_model(tmp_path / "other", seed=1)).identity() != base
        copy = shutil.copytree(hearing(), tmp_path / "copy")
        assert part(copy).identity() == base
        told = json.loads((copy / "preprocessor_config.json").read_text())
        (copy / "preprocessor_config.json").write_text(json.dumps({**told, "do_normalize": False}))
        assert part(copy).identity() != base
    elif name == "precision":
        assert base["precision"] == "f32" or base["device"] == "cuda"
    elif name == "pooling":
        ast = hearing("audio-spectrogram-transformer")
        assert part(ast, pooling="own").identity() != part(ast).identity()
    else:
        changed = part(hearing(), **{name: (CHANGES | KEEPS)[name]}).identity()
        assert (changed != base) == (name in CHANGES)
