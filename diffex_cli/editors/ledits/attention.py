"""Cross-attention maps, taken only where the mask M1 needs them.

The layers of one resolution in the down and up blocks compute their attention explicitly and hand it
over; every other layer keeps scaled-dot-product attention.
"""

from __future__ import annotations

from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor


class AttentionRecorder:
    """Collects the maps of one U-Net call; :meth:`install` it once on a U-Net. Recording is off until :meth:`start`, so
    that inversion and rows without a mask pay nothing."""

    def __init__(self) -> None:
        self._cells = 0
        self._sum: Tensor | None = None
        self._layers = 0
        self.seen: set[int] = set()
        """The numbers of query positions that the last recorded call came by."""

    def install(self, unet: Any) -> None:
        """Replace the processors of the cross-attention layers of the down and up blocks."""
        unet.set_attn_processor(
            {
                name: _RecordingProcessor(self)
                if name.startswith(("down_blocks", "up_blocks")) and ".attn2." in name
                else AttnProcessor2_0()
                for name in unet.attn_processors
            }
        )

    def start(self, cells: int) -> None:
        self._cells, self._sum, self._layers = cells, None, 0
        self.seen = set()

    def stop(self) -> Tensor | None:
        """The mean over heads and layers, shape (rows, cells, tokens); ``None`` if no layer has that size."""
        mean = None if self._sum is None else self._sum / self._layers
        self._cells, self._sum, self._layers = 0, None, 0
        return mean

    @property
    def recording(self) -> bool:
        return self._cells > 0

    def wants(self, cells: int) -> bool:
        """Whether a layer with so many query positions shall hand over its map."""
        self.seen.add(cells)
        return cells == self._cells

    def add(self, probabilities: Tensor) -> None:
        """Add one layer's map, float32, shape (rows, heads, cells, tokens)."""
        layer = probabilities.mean(1)
        self._sum = layer if self._sum is None else self._sum + layer
        self._layers += 1


class _RecordingProcessor(AttnProcessor2_0):  # type: ignore[misc]
    def __init__(self, recorder: AttentionRecorder) -> None:
        super().__init__()
        self._recorder = recorder

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> Tensor:
        wanted = self._recorder.recording and self._recorder.wants(hidden_states.shape[1])
        if encoder_hidden_states is None or not wanted:
            plain: Tensor = super().__call__(
                attn, hidden_states, encoder_hidden_states, attention_mask, temb, *args, **kwargs
            )
            return plain
        query = _split_heads(attn.to_q(hidden_states), attn.heads)
        key = _split_heads(attn.to_k(encoder_hidden_states), attn.heads)
        value = _split_heads(attn.to_v(encoder_hidden_states), attn.heads)
        # In float32, as the kernels of scaled-dot-product attention accumulate: unscaled products of Stable Diffusion 2
        # (whose configuration says upcast_attention) pass float16's 65504.
        probabilities = torch.softmax(query.float() @ key.float().transpose(-1, -2) * attn.scale, dim=-1)
        self._recorder.add(probabilities)
        output = (probabilities.to(value.dtype) @ value).transpose(1, 2).flatten(2)
        projected: Tensor = attn.to_out[1](attn.to_out[0](output)) / attn.rescale_output_factor
        return projected


def _split_heads(x: Tensor, heads: int) -> Tensor:
    """(rows, length, heads·d) → (rows, heads, length, d)."""
    split: Tensor = x.unflatten(-1, (heads, -1)).transpose(1, 2)
    return split
