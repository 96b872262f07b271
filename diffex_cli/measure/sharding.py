"""One of N shares of a stage's work, each of which another process or machine may take at the same time.

The work is shared out by image, so that what an image needs before its edits is made once.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from diffex_cli.core.errors import UsageError

_MOST = 10**6


@dataclasses.dataclass(frozen=True, slots=True)
class Shard:
    """The ``number``-th, from 1 on, of so many."""

    number: int
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def name(self) -> str:
        """For files."""
        return f"{self.number}-of-{self.of}"

    def images(self, keys: Sequence[str]) -> frozenset[str]:
        """Its share of the images, given in the table's order; shares differ by one image at most."""
        return frozenset(keys[self.number - 1 :: self.of])


def share(images: Sequence[str], shard: Shard | None) -> frozenset[str]:
    """A shard's images; all of them without one."""
    return frozenset(images) if shard is None else shard.images(images)


def parse_shard(text: str) -> Shard:
    """Read ``I/N``."""
    found = re.fullmatch(r"([0-9]{1,7})/([0-9]{1,7})", text.strip())
    number, of = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= of <= _MOST:
        raise UsageError(f"--shard {text}: give I/N, the I-th of N shares, such as 1/4 for the first of four")
    return Shard(number, of)
