"""Counting U-Net rows, whoever calls it: the cost of an edit that no machine changes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from diffusers import UNet2DConditionModel
from torch.nn.modules.module import register_module_forward_pre_hook


class RowCount:
    """``rows`` grows by the batch size of every U-Net call, ``calls`` by one."""

    def __init__(self) -> None:
        self.rows = 0
        self.calls = 0


@contextmanager
def counting_rows() -> Iterator[RowCount]:
    """Count the rows of every U-Net call in this process inside the block.

    Not for a compiled U-Net: a global hook makes ``torch.compile`` trace another graph.
    """
    count = RowCount()

    def before(module: Any, inputs: Any) -> None:
        if isinstance(module, UNet2DConditionModel):
            count.calls += 1
            count.rows += len(inputs[0])

    handle = register_module_forward_pre_hook(before)
    try:
        yield count
    finally:
        handle.remove()
