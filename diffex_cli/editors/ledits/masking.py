"""Which masks there are; apart from what computes them, so that options are read without torch."""

from __future__ import annotations

import dataclasses
from typing import Literal

Mask = Literal["both", "attention", "guidance", "none"]


@dataclasses.dataclass(frozen=True)
class Masking:
    """Which masks bound the guidance.

    Attributes:
        kind: ``both`` (M1 ∩ M2), ``attention`` (M1), ``guidance`` (M2) or ``none``.
        divisor: M1 is made of the cross-attention at 1/divisor of the latents' side.
        joint_from: with both, M2 joins M1 at this timestep: earlier guidance is too noisy to be cut by
            its size. 800 in the stock SD pipeline, any in the XL one.
    """

    kind: Mask = "both"
    divisor: int = 4
    joint_from: int = 800
