"""Finds the layer that Grad-CAM looks at: the last one whose outputs still have a place in the picture."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from diffex_cli.classifiers.gradients import Gradients

if TYPE_CHECKING:
    import torch

_MOST_EXTRA_TOKENS = 16
"""Class tokens and registers, which stand before those of the picture's patches."""


@dataclasses.dataclass(frozen=True, slots=True)
class Arrangement:
    """How a layer's output lies over the picture.

    Attributes:
        axes: ``nchw`` or ``nhwc``, feature maps; ``tokens``, shape (n, tokens, features).
        extra: of tokens: how many come before the grid's.
    """

    rows: int
    columns: int
    axes: str
    extra: int = 0

    def maps(self, output: torch.Tensor) -> torch.Tensor:
        """The output as feature maps, shape (n, features, rows, columns)."""
        if self.axes == "nchw":
            return output
        grid = output if self.axes == "nhwc" else output[:, self.extra :].unflatten(1, (self.rows, self.columns))
        return grid.permute(0, 3, 1, 2)


@dataclasses.dataclass(frozen=True, slots=True)
class Layer:
    """A submodule of a network, and how its output lies over the picture."""

    module: torch.nn.Module
    arrangement: Arrangement


def last_layer(network: Gradients, pixels: torch.Tensor) -> Layer | None:
    """The last layer with a grid of places that the logits depend on.

    Of convolutional networks that is their last feature map. Of vision transformers it is a normalisation, as in
    pytorch-grad-cam (Gildenblat et al.): where the class token alone is classified, patches play no part after the
    last attention, so it is the one before that; else the final one.

    Args:
        pixels: one prepared picture, shape (1, channels, height, width).
    """
    import torch

    # Two, so that what has one row a picture is told from what has one row for all, or one a patch.
    outputs = _outputs(network, pixels[:1].repeat(2, 1, 1, 1).detach().requires_grad_())
    found = _with_places(outputs, (pixels.shape[2], pixels.shape[3]))
    if not found:
        return None
    # No class in particular, so that all targets of a network get the same layer.
    mixed = (outputs.logits * torch.linspace(1, 2, outputs.logits.shape[1], device=pixels.device)).sum()
    gradients = torch.autograd.grad(mixed, [output for _, output in found], allow_unused=True)
    reached = [
        layer
        for (layer, _), gradient in zip(found, gradients, strict=True)
        if gradient is not None and bool(layer.arrangement.maps(gradient).any())
    ]
    return reached[-1] if reached else None


def _with_places(outputs: _Outputs, size: tuple[int, int]) -> list[tuple[Layer, torch.Tensor]]:
    """The layers that have a row for each picture and lie over it, and their outputs.

    A grid that is finer than the first one that is coarser than the input is none: nothing in the network knows such
    places. Nor is one of as many rows and columns as there are tokens, which is a matrix between them (CaiT's talking
    heads, a softmax that is a module).
    """
    patches: tuple[int, int] | None = None
    finest = size
    lengths: set[int] = set()
    found: list[tuple[Layer, torch.Tensor]] = []
    for module, output in outputs.each():
        if output.shape[0] != len(outputs.logits):
            continue
        if output.ndim == 3:
            lengths.add(output.shape[1])
        arrangement = _arrangement(output, size, patches, tokens="Norm" in type(module).__name__)
        if arrangement is None:
            continue
        grid = arrangement.rows, arrangement.columns
        if arrangement.axes != "tokens":
            if grid[0] > finest[0] or grid[1] > finest[1] or (grid[0] == grid[1] and grid[0] in lengths):
                continue
            finest = grid if finest == size else finest
        patches = grid
        found.append((Layer(module, arrangement), output))
    return found


@dataclasses.dataclass(frozen=True, slots=True)
class _Outputs:
    """One pass through a network: its logits, and what its modules gave, in the order in which they were done."""

    logits: torch.Tensor
    calls: list[tuple[torch.nn.Module, Any]]

    def each(self) -> Iterator[tuple[torch.nn.Module, torch.Tensor]]:
        """The modules that were called once and gave one tensor that is part of the graph."""
        import torch

        times: dict[int, int] = {}
        for module, _ in self.calls:
            times[id(module)] = times.get(id(module), 0) + 1
        for module, output in self.calls:
            # What passes its input on is not a layer; in attention it may also have the shape of a grid by accident.
            idle = isinstance(module, torch.nn.Identity | torch.nn.Dropout)
            tensor = isinstance(output, torch.Tensor) and output.ndim > 0 and output.requires_grad
            if times[id(module)] == 1 and not idle and tensor:
                yield module, output


def _outputs(network: Gradients, pixels: torch.Tensor) -> _Outputs:
    calls: list[tuple[torch.nn.Module, Any]] = []
    with ExitStack() as hooks:
        for module in network.module.modules():
            handle = module.register_forward_hook(lambda module, _, output: calls.append((module, output)))
            hooks.callback(handle.remove)
        return _Outputs(network.logits(pixels), calls)


def _arrangement(
    output: torch.Tensor, size: tuple[int, int], patches: tuple[int, int] | None, tokens: bool
) -> Arrangement | None:
    """How an output lies over the picture; ``None`` if it does not.

    Args:
        size: height and width of the network's input.
        patches: rows and columns of the last layer with positions before it.
        tokens: it may consist of tokens.
    """
    if output.ndim == 4:
        if _fits(output.shape[2], output.shape[3], size):
            return Arrangement(output.shape[2], output.shape[3], "nchw")
        if _fits(output.shape[1], output.shape[2], size):
            return Arrangement(output.shape[1], output.shape[2], "nhwc")
    if output.ndim == 3 and tokens and patches is not None:
        rows, columns = patches
        while rows * columns > 1:
            extra = output.shape[1] - rows * columns
            # A hierarchy that merges patches has no class token.
            if extra == 0 or (0 < extra <= _MOST_EXTRA_TOKENS and (rows, columns) == patches):
                return Arrangement(rows, columns, "tokens", extra)
            rows, columns = -(-rows // 2), -(-columns // 2)
    return None


def _fits(rows: int, columns: int, size: tuple[int, int]) -> bool:
    """Whether a grid of more than one cell has the proportions of the input, give or take a cell."""
    height, width = size
    inside = rows * columns > 1 and rows <= height and columns <= width
    return inside and abs(rows * width - columns * height) <= (0 if height == width else max(height, width))
