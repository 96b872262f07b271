"""The classifier ``onnx``: a network in ONNX format, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.onnx_files import external_files
from diffex_cli.classifiers.backends.processor import FileOptions, FilePreparation, model_file
from diffex_cli.classifiers.network import Network, NetworkClassifier, cannot_load
from diffex_cli.classifiers.packages import require
from diffex_cli.classifiers.preprocessing import input_of
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean

_TYPES: Mapping[str, type[np.generic]] = {
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
    "tensor(double)": np.float64,
    "tensor(uint8)": np.uint8,
}
_FLOATS = ("tensor(float)", "tensor(float16)", "tensor(double)", "tensor(bfloat16)")
_ERRORS_ONLY = 3


class OnnxClassifier(NetworkClassifier[FileOptions]):
    """``onnx:FILE.onnx:mean=…,std=…[,size=…,labels=FILE,kind=K,values=V,output=NAME,batch=N,…]``. The network may fix
    ``size``, ``layout`` and the number of channels; one with 8-bit input gets numbers from 0 to 255. The scores are its
    one output of floating-point numbers, or the one that ``output`` names, also where it is a list of mappings from
    class to score, whose keys then are the labels. Weights in files of their own are in the fingerprint. ONNX holds no
    code."""

    backend = "onnx"
    defaults = FileOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        self._file = model_file(spec, "onnx:FILE.onnx:mean=…,std=…")
        self._preparation = FilePreparation(spec, self._options)

    def _weights(self) -> Mapping[str, object]:
        weights = [file_digest(path) for path in (self._file, *external_files(self._file, self._spec))]
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
        output = self._output(session.get_outputs())
        dtype = _TYPES[inputs[0].type]
        shape = inputs[0].shape
        prepare = self._preparation.load(input_of(shape, eight_bit=dtype is np.uint8))
        batch = shape[0] if isinstance(shape[0], int) else None

        def run(pixels: NDArray[Any]) -> Any:
            fed = np.clip(np.rint(pixels), 0, 255) if dtype is np.uint8 else pixels
            return session.run([output.name], {inputs[0].name: fed.astype(dtype)})[0]

        if not _is_mapping(output):
            return Network(prepare, run, batch=batch)
        classes = list(run(prepare([Image.new("RGB", (64, 64), (128, 128, 128))] * (batch or 1)))[0])
        rows = lambda pixels: np.array([[row[each] for each in classes] for row in run(pixels)])  # noqa: E731
        return Network(prepare, rows, names=tuple(map(str, classes)), batch=batch)

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

    def _output(self, outputs: Sequence[Any]) -> Any:
        """The output with the scores: a predicted label, which some exporters put first, is none."""
        scores = {each.name: each for each in outputs if each.type in _FLOATS or _is_mapping(each)}
        wanted = self._options.output
        if wanted is not None:
            if wanted not in scores:
                raise UsageError(
                    f"{self._spec.text!r}: the network has no output of scores {wanted!r}"
                    f"{did_you_mean(wanted, tuple(scores))}"
                )
            return scores[wanted]
        found = [each for each in scores.values() if each.type in _FLOATS] or list(scores.values())
        if len(found) == 1:
            return found[0]
        of = f"several: add output=NAME, one of {', '.join(each.name for each in found)}" if found else "none"
        types = ", ".join(f"{each.name} {each.type}" for each in outputs)
        raise UsageError(f"{self._spec.text!r}: which output of the network has the scores? Of {types}, {of}")


def _is_mapping(output: Any) -> bool:
    return str(output.type).startswith("seq(map(")
