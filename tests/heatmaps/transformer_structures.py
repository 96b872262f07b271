"""Small transformers with the structure of some that timm has: what Grad-CAM must not take for places in a picture."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Patches(nn.Module):
    """A convolution over patches, as tokens."""

    def __init__(self, features: int, patch: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, features, patch, patch)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens: Tensor = self.proj(pixels).flatten(2).transpose(1, 2)
        return tokens


class LinearPatches(nn.Module):
    """Patches cut out by reshaping, as in vit-pytorch: no layer has them on a grid."""

    def __init__(self, features: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Linear(3 * patch**2, features)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens: Tensor = self.proj(nn.functional.unfold(pixels, self.patch, stride=self.patch).transpose(1, 2))
        return tokens


class TalkingHeads(nn.Module):
    """CaiT's attention (Touvron et al. 2021): linear layers between the heads see a matrix of tokens × tokens."""

    def __init__(self, features: int, heads: int, softmax: nn.Module | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(features, 3 * features)
        self.before, self.after = nn.Linear(heads, heads), nn.Linear(heads, heads)
        self.softmax = softmax
        self.proj = nn.Linear(features, features)

    def forward(self, tokens: Tensor) -> Tensor:
        q, k, v = self.qkv(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        scores = self.before((q @ k.transpose(-1, -2)).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        weights = scores.softmax(-1) if self.softmax is None else self.softmax(scores)
        weights = self.after(weights.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        mixed: Tensor = self.proj((weights @ v).transpose(1, 2).flatten(2))
        return mixed


class ClassAttention(nn.Module):
    """Only the class token asks."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(features)
        self.q, self.k, self.v = (nn.Linear(features, features) for _ in range(3))

    def forward(self, tokens: Tensor, token: Tensor) -> Tensor:
        seen = self.norm1(torch.cat([token, tokens], dim=1))
        weights = (self.q(seen[:, :1]) @ self.k(seen).transpose(1, 2)).softmax(-1)
        return token + weights @ self.v(seen)


class Cait(nn.Module):
    """``softmax``: whether the attention's is a module, too; ``linear``: patches without a convolution."""

    def __init__(self, softmax: bool = False, linear: bool = False) -> None:
        super().__init__()
        self.patches = (LinearPatches if linear else Patches)(16, 8)
        self.norm = nn.LayerNorm(16)
        self.attention = TalkingHeads(16, 2, nn.Softmax(dim=-1) if softmax else None)
        self.token = nn.Parameter(torch.ones(1, 1, 16))
        self.last = ClassAttention(16)
        self.head = nn.Linear(16, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        tokens = self.patches(pixels)
        tokens = tokens + self.attention(self.norm(tokens))
        logits: Tensor = self.head(self.last(tokens, self.token.expand(len(tokens), -1, -1))[:, 0])
        return logits


class Tnt(nn.Module):
    """A transformer in a transformer (Han et al. 2021): the inner one's patches are folded into the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, 4, 3, 2, 1)
        self.norm_in = nn.LayerNorm(4)
        self.inner = TalkingHeads(4, 2)
        self.norm_proj = nn.LayerNorm(64)
        self.to_patch = nn.Linear(64, 16)
        self.token = nn.Parameter(torch.ones(1, 1, 16))
        self.outer = ClassAttention(16)
        self.norm_last = nn.LayerNorm(4)
        self.head, self.inner_head = nn.Linear(16, 3), nn.Linear(4, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        grid = self.proj(pixels)
        folded = nn.functional.unfold(grid, 4, stride=4).transpose(1, 2)  # (n, patches, 4 · 16)
        n, patches, _ = folded.shape
        inner = folded.unflatten(2, (4, 16)).transpose(2, 3).flatten(0, 1)  # (n · patches, 16, 4)
        inner = inner + self.inner(self.norm_in(inner))
        tokens = self.to_patch(self.norm_proj(inner.reshape(n, patches, 64)))
        outer = self.head(self.outer(tokens, self.token.expand(n, -1, -1))[:, 0])
        rest = self.inner_head(self.norm_last(inner).mean(1)).unflatten(0, (n, patches)).mean(1)
        logits: Tensor = outer + rest
        return logits


class Biased(nn.Module):
    """A bias by position, the same for all pictures, made by a layer over a grid, as in Swin Transformer V2."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 4, 8, 8)
        self.bias = nn.Linear(2, 4)
        self.head = nn.Linear(4, 3)
        self.register_buffer("table", torch.rand(1, 4, 4, 2))

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.head((self.patches(pixels) * self.bias(self.table).permute(0, 3, 1, 2)).mean((2, 3)))
        return logits


class Restored(nn.Module):
    """A picture's size is restored before all of it is averaged."""

    def __init__(self) -> None:
        super().__init__()
        self.down, self.deep = nn.Conv2d(3, 4, 4, 4), nn.Conv2d(4, 4, 3, 2, 1)
        self.up = nn.Upsample(scale_factor=8)
        self.head = nn.Linear(4, 3)

    def forward(self, pixels: Tensor) -> Tensor:
        logits: Tensor = self.head(self.up(self.deep(self.down(pixels))).mean((2, 3)))
        return logits
