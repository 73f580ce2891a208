"""Tiny audio models with random weights, made on the spot: the real classes and files, a thousandth
of the size.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias

from palate.encode.pretrained import quiet
from palate.optional import need

AudioFamily: TypeAlias = Literal[
    "wav2vec2", "hubert", "wavlm", "whisper", "audio-spectrogram-transformer"
]

_WAVES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "conv_dim": (16, 16, 16),
    "conv_kernel": (10, 8, 4),
    "conv_stride": (5, 4, 4),
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
}
_PREPARATION: dict[str, dict[str, Any]] = {
    "whisper": {
        "feature_extractor_type": "WhisperFeatureExtractor",
        "feature_size": 16,
        "chunk_length": 1,
        "sampling_rate": 16_000,
    },
    "audio-spectrogram-transformer": {
        "feature_extractor_type": "ASTFeatureExtractor",
        "num_mel_bins": 16,
        "max_length": 64,
        "sampling_rate": 16_000,
    },
}
_PLAIN = {
    "feature_extractor_type": "Wav2Vec2FeatureExtractor",
    "do_normalize": True,
    "sampling_rate": 16_000,
}


def make_audio_model(folder: Path, family: AudioFamily = "wav2vec2", seed: int = 0) -> Path:
    """Write a model of hidden width 32 with its preprocessor_config.json.

    Args:
        folder: Where to; made if it is not there.
        family: Which architecture; Whisper's takes a second, AST's 0.64 seconds.
        seed: Of the random weights; the caller's random state is left as it was.
    """
    torch = need("torch", extra="audio,text", purpose="make a tiny audio model")
    transformers = need("transformers", extra="audio,text", purpose="make a tiny audio model")
    with torch.random.fork_rng(), quiet(transformers):
        torch.manual_seed(seed)
        model = _model(transformers, family)
        for name, parameter in model.named_parameters():
            # The usual tiny initial weights make all sounds look alike; weight norms must not be
            # negative.
            if "original0" not in name:
                torch.nn.init.normal_(parameter, std=0.15)
        model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(
        json.dumps(_PREPARATION.get(family, _PLAIN)), encoding="utf-8"
    )
    return folder


def _model(transformers: Any, family: AudioFamily) -> Any:
    if family == "whisper":
        return transformers.WhisperModel(
            transformers.WhisperConfig(
                vocab_size=64,
                num_mel_bins=16,
                d_model=32,
                encoder_layers=2,
                decoder_layers=1,
                encoder_attention_heads=4,
                decoder_attention_heads=4,
                encoder_ffn_dim=64,
                decoder_ffn_dim=64,
                max_source_positions=50,
                max_target_positions=16,
                pad_token_id=0,
                bos_token_id=1,
                eos_token_id=2,
                decoder_start_token_id=1,
            )
        )
    if family == "audio-spectrogram-transformer":
        config = transformers.ASTConfig(
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=64,
            patch_size=8,
            frequency_stride=4,
            time_stride=4,
            max_length=64,
            num_mel_bins=16,
        )
        return transformers.ASTModel(config)
    kind = {"wav2vec2": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}[family]
    return getattr(transformers, f"{kind}Model")(getattr(transformers, f"{kind}Config")(**_WAVES))
