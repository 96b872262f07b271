"""The classifier ``onnx``: a network in ONNX format, run by onnxruntime."""

from __future__ import annotations

import glob
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.processor import FileOptions, FilePreparation, model_file
from diffex_cli.classifiers.network import Network, NetworkClassifier, cannot_load
from diffex_cli.classifiers.packages import require
from diffex_cli.classifiers.preprocessing import Layout
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean

_TYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
_CHANNELS = (1, 3)
_ERRORS_ONLY = 3


class OnnxClassifier(NetworkClassifier[FileOptions]):
    """``onnx:FILE.onnx:mean=…,std=…[,size=…,labels=FILE,kind=K,values=V,output=NAME,batch=N,…]``. The network may fix
    ``size`` and ``layout``; one with 8-bit input gets rounded numbers. Of several outputs the first is taken. Weights
    beside the file (``FILE.onnx.data`` and the like) are in the fingerprint. ONNX holds no code."""

    backend = "onnx"
    defaults = FileOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        self._file = model_file(spec, "onnx:FILE.onnx:mean=…,std=…")
        self._preparation = FilePreparation(spec, self._options)

    def _weights(self) -> Mapping[str, object]:
        beside = sorted(self._file.parent.glob(f"{glob.escape(self._file.name)}?*"))
        weights = [file_digest(path) for path in (self._file, *beside) if path.is_file()]
        return {"weights": weights, **self._preparation.identity}

    def _shown(self) -> Mapping[str, object]:
        return {"model": self._file.name}

    def _load(self) -> Network:
        runtime = require("onnxruntime", "onnx", self._spec)
        options = runtime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        try:
            session = runtime.InferenceSession(str(self._file), options, providers=self._providers(runtime))
        except UsageError:
            raise
        except Exception as error:
            raise cannot_load(self._spec, error) from error
        inputs = session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) != 4:
            found = ", ".join(f"{each.name} {each.type}{each.shape}" for each in inputs)
            raise UsageError(f"{self._spec.text!r}: the network must take one array of pictures, but takes {found}")
        layout, size, batch = _shape(inputs[0].shape)
        output = self._output([each.name for each in session.get_outputs()])
        dtype = _TYPES[inputs[0].type]

        def run(pixels: NDArray[Any]) -> NDArray[Any]:
            fed = np.clip(np.rint(pixels), 0, 255) if dtype is np.uint8 else pixels
            scores: NDArray[Any] = session.run([output], {inputs[0].name: fed.astype(dtype)})[0]
            return scores

        return Network(prepare=self._preparation.load(size, layout), run=run, batch=batch)

    def _providers(self, runtime: Any) -> list[Any]:
        """CUDA where it is wanted or, for ``auto``, there; else the CPU."""
        name, _, index = self._device.partition(":")
        there = "CUDAExecutionProvider" in runtime.get_available_providers()
        if name == "cuda" and not there:
            raise UsageError(
                f"--device {self._device}: onnxruntime cannot use a GPU here: pip install onnxruntime-gpu, or use cpu"
            )
        if there and name in ("cuda", "auto"):
            return [("CUDAExecutionProvider", {"device_id": int(index or 0)}), "CPUExecutionProvider"]
        return ["CPUExecutionProvider"]

    def _output(self, names: Sequence[str]) -> str:
        wanted = self._options.output or names[0]
        if wanted not in names:
            raise UsageError(
                f"{self._spec.text!r}: the network has no output {wanted!r}{did_you_mean(wanted, tuple(names))}"
            )
        return wanted


def _shape(shape: Sequence[Any]) -> tuple[Layout, tuple[int, int] | None, int | None]:
    """Layout, size and batch of an input's shape; dimensions that are no number are free."""
    nhwc = shape[1] not in _CHANNELS and shape[3] in _CHANNELS
    height, width = shape[1:3] if nhwc else shape[2:4]
    size = (height, width) if isinstance(height, int) and isinstance(width, int) else None
    return "nhwc" if nhwc else "nchw", size, shape[0] if isinstance(shape[0], int) else None
