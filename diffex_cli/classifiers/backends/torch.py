"""The classifier ``torch``: a network that carries its own code, as an exported program or in TorchScript."""

from __future__ import annotations

import dataclasses
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.processor import FileOptions, FilePreparation, model_file
from diffex_cli.classifiers.gradients import without_gradients
from diffex_cli.classifiers.network import Network, NetworkClassifier, cannot_load
from diffex_cli.classifiers.preprocessing import input_of
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice

if TYPE_CHECKING:
    import torch

_UNBOUNDED = 10**6
"""A limit on the batch that none was meant by; torch writes the largest integer there."""

Format = Literal["exported program", "TorchScript"]


@dataclasses.dataclass(frozen=True)
class TorchOptions(FileOptions):
    """``trust``: whether the file's author may run code here."""

    trust: str = choice("no", ("yes", "no"))


class TorchClassifier(NetworkClassifier[TorchOptions]):
    """``torch:FILE:trust=yes,mean=…,std=…[,size=…,labels=FILE,kind=K,values=V,output=NAME,batch=N,…]``.

    The file is what ``torch.export.save`` (``.pt2``) or ``torch.jit.save`` wrote; which, is seen from its content.
    **Loading one can run code of its author's**: ``torch.export.load`` unpickles without ``weights_only`` and evaluates
    expressions, and TorchScript is a program. So ``trust=yes`` has to say that one would run the author's programs.

    An exported program says itself which size, layout, batch and type of numbers it takes. Of several outputs,
    ``output`` chooses one by key or number, else ``logits`` is taken if there is such a key, else the first.
    """

    backend = "torch"
    defaults = TorchOptions()

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        super().__init__(spec, device)
        self._file = model_file(spec, "torch:FILE.pt2:trust=yes,mean=…,std=…")
        self._format = _format(self._file)
        if self._options.trust != "yes":
            raise UsageError(
                f"{spec.text!r}: loading {self._file} can run code that its author put there (it is "
                f"{'an' if self._format == 'exported program' else 'in'} {self._format}): add trust=yes if you would "
                "run the author's programs, or use ONNX or safetensors weights, which hold no code"
            )
        self._preparation = FilePreparation(spec, self._options)

    def _weights(self) -> Mapping[str, object]:
        return {"weights": file_digest(self._file), **self._preparation.identity}

    def _shown(self) -> Mapping[str, object]:
        return {"model": self._file.name, "format": self._format}

    def _load(self) -> Network:
        import torch

        device = pick_device(self._device)
        try:
            with warnings.catch_warnings():
                # TorchScript is deprecated, which is no news to those who have such a file.
                warnings.simplefilter("ignore")
                loaded = _LOADERS[self._format](self._file, device)
        except Exception as error:
            raise cannot_load(self._spec, error) from error

        eight_bit = loaded.dtype == torch.uint8

        def forward(pixels: NDArray[Any]) -> torch.Tensor:
            given = torch.from_numpy(np.rint(pixels) if eight_bit else pixels)
            return self._chosen(loaded.model(given.to(device, loaded.dtype)))

        prepare = self._preparation.load(input_of(loaded.shape, eight_bit))
        return Network(prepare, without_gradients(forward), batch=loaded.batch, most=loaded.most, least=loaded.least)

    def _chosen(self, result: Any) -> torch.Tensor:
        import torch

        wanted = self._options.output
        if isinstance(result, torch.Tensor) and wanted is None:
            return result
        if isinstance(result, Mapping) and result:
            key = wanted or ("logits" if "logits" in result else next(iter(result)))
            found = result.get(key)
        elif isinstance(result, Sequence):
            index = wanted or "0"
            found = result[int(index)] if index.isdecimal() and int(index) < len(result) else None
        else:
            found = None
        if not isinstance(found, torch.Tensor):
            keys = f" with the keys {', '.join(map(str, result))}" if isinstance(result, Mapping) else ""
            raise DiffexError(
                f"the classifier {self._spec.text} returns a {type(result).__name__}{keys}, in which there is no "
                f"tensor of scores{f' {wanted}' if wanted else ''}: correct output=…"
            )
        return found


def _format(file: Path) -> Format:
    """What the archive's table of contents says; nothing of it is run or unpickled."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        names = []
    if any("/code/" in f"/{name}" for name in names):
        return "TorchScript"
    # The first is today's layout, the second that of torch up to 2.6.
    if any("/models/" in f"/{name}" and name.endswith(".json") for name in names) or any(
        name.endswith("serialized_exported_program.json") for name in names
    ):
        return "exported program"
    raise UsageError(
        f"{file} is neither an exported program nor in TorchScript: for weights alone name their architecture "
        "(timm:NAME:weights=FILE or torchvision:NAME:weights=FILE), or write a function (python:MODULE:CALLABLE)"
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Loaded:
    """``shape``: of its input, ``None`` for a free side. ``batch``: how many pictures it takes, if one number of them
    only; else at least ``least`` and at most ``most``."""

    model: Callable[[Any], Any]
    dtype: torch.dtype
    shape: Sequence[int | None] = (None, None, None, None)
    batch: int | None = None
    most: int | None = None
    least: int = 1


def _load_program(file: Path, device: torch.device) -> _Loaded:
    """The program, and what it says of its input itself."""
    import torch
    from torch.export.passes import move_to_device_pass

    program = move_to_device_pass(torch.export.load(file), device)
    inputs = set(program.graph_signature.user_inputs)
    values = [node.meta["val"] for node in program.graph.nodes if node.op == "placeholder" and node.name in inputs]
    if len(values) != 1 or values[0].ndim != 4:
        raise ValueError(
            f"it must take one array of pictures, but takes {', '.join(str(tuple(v.shape)) for v in values)}"
        )
    shape = [side if isinstance(side, int) else None for side in values[0].shape]
    if shape[0] is not None:
        return _Loaded(program.module(), values[0].dtype, shape, batch=shape[0])
    allowed = program.range_constraints.get(values[0].shape[0].node.expr)
    most, least = (allowed.upper, allowed.lower) if allowed else (None, 1)
    return _Loaded(
        program.module(),
        values[0].dtype,
        shape,
        most=int(most) if most is not None and most < _UNBOUNDED else None,
        least=max(1, int(least)),
    )


def _load_script(file: Path, device: torch.device) -> _Loaded:
    """The program; its weights say what numbers it takes."""
    import torch

    model = torch.jit.load(str(file), map_location=device).eval()
    return _Loaded(model, next((each.dtype for each in model.parameters()), torch.float32))


_LOADERS: Mapping[Format, Callable[[Path, torch.device], _Loaded]] = {
    "exported program": _load_program,
    "TorchScript": _load_script,
}
