"""A classifier's network from the inside: what methods need that look at its gradients and layers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from numpy.typing import NDArray
from PIL import Image

from diffex_cli.classifiers.outputs import CLIP, Outputs

if TYPE_CHECKING:
    import torch


@dataclasses.dataclass(frozen=True, slots=True)
class Gradients:
    """A network in evaluation mode, open to PyTorch's autograd.

    Attributes:
        module: the network; its submodules may be given hooks.
        prepare: n RGB pictures in, a float tensor of shape (n, channels, height, width) out, on the network's device.
        logits: such a tensor in, the logits of all labels out, shape (n, labels), with their graph.
    """

    module: torch.nn.Module
    prepare: Callable[[Sequence[Image.Image]], torch.Tensor]
    logits: Callable[[torch.Tensor], torch.Tensor]


@runtime_checkable
class GradientClassifier(Protocol):
    """A :class:`~diffex_cli.classifiers.base.Classifier` whose gradients can be reached. Optional."""

    def gradients(self) -> Gradients | None:
        """Its network; ``None`` if this one's gradients cannot be reached after all."""
        ...


def without_gradients(forward: Callable[[Any], torch.Tensor]) -> Callable[[Any], NDArray[Any]]:
    """The same function for those who want its numbers only: faster, and an array of float32."""
    import torch

    def run(prepared: Any) -> NDArray[Any]:
        with torch.inference_mode():
            numbers: NDArray[Any] = forward(prepared).float().cpu().numpy()
        return numbers

    return run


def logits_of(outputs: Outputs, raw: torch.Tensor) -> torch.Tensor:
    """:meth:`Outputs.logits <diffex_cli.classifiers.outputs.Outputs.logits>` for tensors, with their graph. ``raw``:
    shape (n, columns), or (n,) for a single column. Returns shape (n, labels)."""
    import torch

    numbers = (raw[:, None] if raw.ndim == 1 else raw).float()
    paired = outputs.kind == "binary"
    if outputs.values == "probabilities" and outputs.kind == "softmax" and numbers.shape[1] == 2:
        both = numbers.clamp(CLIP, 1 - CLIP).log()
        numbers, paired = both[:, 1:] - both[:, :1], True
    elif outputs.values == "probabilities":
        inner = numbers.clamp(CLIP, 1.0 if outputs.kind == "softmax" else 1 - CLIP)
        numbers = inner.log() if outputs.kind == "softmax" else inner.log() - (-inner).log1p()
    return torch.cat([-numbers / 2, numbers / 2], dim=1) if paired else numbers
