"""Pretrained models of any kind, loaded by transformers: quietly, offline, whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from palate.encode.text.weights import ModelFolder
from palate.errors import BadInput

K = TypeVar("K")


def known_kind(folder: ModelFolder, kinds: Mapping[str, K]) -> K:
    """What `kinds` holds under the model type that the folder's config.json names.

    Raises:
        BadInput: It is none of those that are known.
    """
    named = str(folder.config.get("model_type"))
    if named not in kinds:
        raise BadInput(
            f"this is a model of type {named}",
            where=str(folder.path),
            allowed=", ".join(kinds),
            next_step="use a model of one of these types",
        )
    return kinds[named]


def load(
    transformers: Any,
    kind: Any,
    folder: ModelFolder,
    unused: Collection[str] = (),
    **arguments: Any,
) -> Any:
    """A model of a class of transformers, fp32, with every weight that it needs.

    Args:
        transformers: The library.
        kind: The class, with `from_pretrained`.
        folder: Where the model lies.
        unused: Modules and parameters that may be missing, since nothing reads them.
        arguments: More, for `from_pretrained`.

    Raises:
        BadInput: transformers cannot load it, or some of its weights are missing.
    """
    try:
        with quiet(transformers):
            model, info = kind.from_pretrained(
                folder.path,
                use_safetensors=True,
                local_files_only=True,
                dtype="float32",
                output_loading_info=True,
                **arguments,
            )
    except (OSError, ValueError, KeyError, RuntimeError) as cause:
        raise unloadable(folder, cause) from cause
    missing = sorted(
        name for name in info["missing_keys"] if not set(name.split(".")) & set(unused)
    )
    if missing:
        # transformers would draw these at random, and the vectors would mean nothing.
        raise BadInput(
            f"{len(missing)} of the model's weights are missing, the first {missing[0]}",
            where=str(folder.path),
            next_step="get the model again, or one that was saved whole",
        )
    return model


def unloadable(folder: ModelFolder, cause: Exception) -> BadInput:
    """What to say of a folder that transformers makes no model of."""
    return BadInput(
        f"transformers cannot load this model: {cause}",
        where=str(folder.path),
        next_step="use another model",
    )


@contextmanager
def quiet(transformers: Any) -> Iterator[None]:
    """transformers without its progress bars and notices, as it was afterwards."""
    logging = transformers.utils.logging
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
