"""Language models on OpenVINO: f32, bf16 or int8 on the CPU."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from palate.arrays import Floats, Longs
from palate.encode.text.converted import Files, kept, traceable
from palate.encode.text.engines import CONVERSIONS
from palate.encode.text.weights import ModelFolder, Pooling
from palate.optional import need

_GROUP = 128


class OpenVinoEngine:
    """OpenVINO on the CPU: one stream, all cores on one batch.

    The converted model is kept in the cache folder under the digest of the weights and checked when
    read, so that a second start needs no torch. OpenVINO's own cache of compiled models is not
    used: nothing would notice a damaged one, and compiling takes a second.

    In int8 the weights of every product are rounded, with one scale for each of its columns, and
    the other factor is rounded while it runs, with one scale for each `_GROUP` numbers of one
    token. No text has to be measured for that, so a vector depends neither on a calibration nor on
    its neighbours in the batch.

    Args:
        folder: The model.
        pooling: How tokens become one vector.
        precision: `"f32"`, `"bf16"` or `"int8"`.
    """

    def __init__(self, folder: ModelFolder, pooling: Pooling, precision: str) -> None:
        openvino = _need()
        core = openvino.Core()
        model = _converted(core, folder, pooling)
        hints = {
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            "INFERENCE_PRECISION_HINT": precision,
        }
        if precision == "int8":
            _round_weights(model)
            # What is not rounded stays f32 on every machine: the key of the row cache says no more
            # than "int8".
            hints |= {
                "INFERENCE_PRECISION_HINT": "f32",
                "DYNAMIC_QUANTIZATION_GROUP_SIZE": str(_GROUP),
            }
        self._request = core.compile_model(model, "CPU", hints).create_infer_request()

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        self._request.infer([tokens, mask])
        return np.array(self._request.get_output_tensor(0).data, np.float32)


def _converted(core: Any, folder: ModelFolder, pooling: Pooling) -> Any:
    files = kept(
        "openvino", CONVERSIONS["openvino"], folder, pooling, lambda: _convert(folder, pooling)
    )
    weights = _need().Tensor(np.array(files["weights"]))
    return core.read_model(model=files["graph"].tobytes(), weights=weights)


def _convert(folder: ModelFolder, pooling: Pooling) -> Files:
    openvino = _need()
    frontend = need("openvino.frontend", extra="text", purpose="convert a language model")
    decoder = need(
        "openvino.frontend.pytorch.ts_decoder", extra="text", purpose="convert a language model"
    )
    with traceable(folder, pooling) as (module, example):
        # Not openvino.convert_model, which reports every conversion to its makers over the network.
        traced = decoder.TorchScriptPythonDecoder(module, example_input=example)
        reader = frontend.FrontEndManager().load_by_framework("pytorch")
        model = reader.convert(reader.load(traced))
    with tempfile.TemporaryDirectory() as temporary:
        openvino.save_model(model, Path(temporary) / "model.xml", compress_to_fp16=False)
        files = {
            name: Path(temporary) / f"model.{end}"
            for name, end in (("graph", "xml"), ("weights", "bin"))
        }
        return {name: np.fromfile(file, np.uint8) for name, file in files.items()}


def _round_weights(model: Any) -> None:
    """Replace the weights of every product by int8 numbers and their scales, in place."""
    ops = need("openvino.opset13", extra="text", purpose="round a language model")
    for node in model.get_ordered_ops():
        if node.get_type_name() != "MatMul":
            continue
        source = node.input(1).get_source_output().get_node()
        if source.get_type_name() != "Constant" or source.data.ndim != 2:
            continue
        axis = 1 if node.get_attributes()["transpose_b"] else 0
        scale = np.maximum(
            np.abs(source.data).max(axis, keepdims=True) / 127, np.finfo(np.float32).tiny
        )
        rounded = np.rint(source.data / scale).astype(np.int8)
        product = ops.multiply(
            ops.convert(ops.constant(rounded), "f32"), ops.constant(scale.astype(np.float32))
        )
        node.input(1).replace_source_output(product.output(0))


def _need() -> Any:
    return need("openvino", extra="text", purpose="run a language model with OpenVINO")
