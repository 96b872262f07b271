"""The classifier ``torch``: a network that carries its own code, as an exported program or in TorchScript."""

from __future__ import annotations

import dataclasses
import warnings
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffex_cli.artifacts.keys import file_digest
from diffex_cli.classifiers.backends.processor import FileOptions, FilePreparation, model_file
from diffex_cli.classifiers.gradients import without_gradients
from diffex_cli.classifiers.network import Network, NetworkClassifier, cannot_load
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.machine import pick_device
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice

if TYPE_CHECKING:
    import torch

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

    An exported program may fix ``size``. Of several outputs, ``output`` chooses one by key or number, else ``logits``
    is taken if there is such a key, else the first.
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
                model, size, batch = _LOADERS[self._format](self._file, device)
        except Exception as error:
            raise cannot_load(self._spec, error) from error

        run = without_gradients(lambda pixels: self._chosen(model(torch.from_numpy(pixels).to(device))))
        return Network(prepare=self._preparation.load(size, "nchw"), run=run, batch=batch)

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


_Loaded = tuple[Callable[[Any], Any], tuple[int, int] | None, int | None]


def _load_program(file: Path, device: torch.device) -> _Loaded:
    """The program, the height and width that it fixes, and the batch that it fixes."""
    import torch
    from torch.export.passes import move_to_device_pass

    program = move_to_device_pass(torch.export.load(file), device)
    inputs = set(program.graph_signature.user_inputs)
    shapes = [
        node.meta["val"].shape for node in program.graph.nodes if node.op == "placeholder" and node.name in inputs
    ]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        raise ValueError(f"it must take one array of pictures, but takes {', '.join(str(tuple(s)) for s in shapes)}")
    batch, _, height, width = (side if isinstance(side, int) else None for side in shapes[0])
    size = (height, width) if height is not None and width is not None else None
    return program.module(), size, batch


def _load_script(file: Path, device: torch.device) -> _Loaded:
    import torch

    return torch.jit.load(str(file), map_location=device).eval(), None, None


_LOADERS: Mapping[Format, Callable[[Path, torch.device], _Loaded]] = {
    "exported program": _load_program,
    "TorchScript": _load_script,
}
