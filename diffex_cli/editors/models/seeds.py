"""The randomness of an edit, which nothing else in its batch may touch."""

from __future__ import annotations

import hashlib


def image_seed(seed: int, image: str) -> int:
    """The seed of all randomness in one image's edits: below 2⁵⁶, a function of the run's seed and the image's key."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{image}".encode()).digest()[:7])
