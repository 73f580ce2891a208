"""Language models on ONNX Runtime: f32 or int8 on any CPU."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from palate.arrays import Floats, Longs
from palate.encode.text.converted import Files, kept, traceable
from palate.encode.text.engines import CONVERSIONS
from palate.encode.text.weights import ModelFolder, Pooling
from palate.execute import usable_cores
from palate.optional import need

_OPSET = 17
_INPUTS = ["tokens", "mask"]


class OnnxEngine:
    """ONNX Runtime on the CPU: all cores on one batch.

    Where OpenVINO does not run, such as on ARM; on x86 it is the slower of the two. The converted
    model is kept in the cache folder under the digest of the weights and checked when read, so that
    a second start needs no torch.

    In int8 the weights are rounded once, with one scale for each column of a product, and the other
    factor is rounded while it runs, with one scale for the whole of it. So that no text changes its
    neighbours' vectors, texts run one at a time there.

    Args:
        folder: The model.
        pooling: How tokens become one vector.
        precision: `"f32"` or `"int8"`.
        threads: Threads of one product; 0 means one for each core.
    """

    def __init__(
        self, folder: ModelFolder, pooling: Pooling, precision: str, threads: int = 0
    ) -> None:
        runtime = need(
            "onnxruntime", extra="onnx", purpose="run a language model with ONNX Runtime"
        )
        files = kept(
            "onnx",
            f"{precision} {CONVERSIONS['onnx']}",
            folder,
            pooling,
            lambda: _convert(folder, pooling, precision),
        )
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads or usable_cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = runtime.InferenceSession(
            files["graph"].tobytes(), options, providers=["CPUExecutionProvider"]
        )
        self._alone = precision == "int8"

    def run(self, tokens: Longs, mask: Longs) -> Floats:
        """float32 [n, d] of tokens and mask, int64 [n, L]."""
        if not self._alone:
            return self._run(tokens, mask)
        return np.vstack(
            [self._run(tokens[i : i + 1], mask[i : i + 1]) for i in range(len(tokens))]
        )

    def _run(self, tokens: Longs, mask: Longs) -> Floats:
        (vectors,) = self._session.run(None, dict(zip(_INPUTS, (tokens, mask), strict=True)))
        return np.asarray(vectors, np.float32)


def _convert(folder: ModelFolder, pooling: Pooling, precision: str) -> Files:
    torch = need("torch", extra="text", purpose="convert a language model")
    need("onnx", extra="onnx", purpose="convert a language model to ONNX")
    with tempfile.TemporaryDirectory() as temporary:
        file = Path(temporary) / "model.onnx"
        with traceable(folder, pooling, "products") as (module, example):
            sizes: dict[str, dict[int, str]] = {name: {0: "n", 1: "length"} for name in _INPUTS}
            # The older exporter, by tracing: the newer one takes the example's sizes for the
            # model's.
            torch.onnx.export(
                module,
                example,
                str(file),
                input_names=_INPUTS,
                output_names=["vectors"],
                dynamic_axes={**sizes, "vectors": {0: "n"}},
                opset_version=_OPSET,
                dynamo=False,
            )
        if precision == "int8":
            file = _rounded(file)
        return {"graph": np.fromfile(file, np.uint8)}


def _rounded(file: Path) -> Path:
    quantization: Any = need(
        "onnxruntime.quantization", extra="onnx", purpose="round a language model"
    )
    onnx = need("onnx", extra="onnx", purpose="round a language model")
    model = onnx.load(str(file))
    # Says that nothing is to be done beforehand; else the library writes to the root logger,
    # regardless of its owner.
    onnx.helper.set_model_props(model, {"onnx.quant.pre_process": "onnxruntime.quant"})
    rounded = file.with_name("int8.onnx")
    quantization.quantize_dynamic(
        model,
        rounded,
        per_channel=True,
        weight_type=quantization.QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
    )
    return rounded
