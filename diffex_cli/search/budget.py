"""How a fixed number of edits is shared out among the phases of a search."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.settings import Settings
from diffex_cli.search.algorithm.levels import level_budget
from diffex_cli.search.fetching import Requester


@dataclasses.dataclass(frozen=True, slots=True)
class Budget:
    """``--max-edits``, which counts every edit that the search asks for, there or not, so that a search that is
    resumed or repeated takes the same decisions. Reconstructions are edits.

    Attributes:
        total: the most edits; ``None`` for no limit.
        kept_back: of those, what the search through the hierarchy leaves for the images that are held out.
    """

    total: int | None
    kept_back: int
    fetcher: Requester

    @property
    def left(self) -> int | None:
        """What may still be asked for; ``None`` for no limit."""
        return None if self.total is None else max(0, self.total - self.fetcher.asked)

    def for_level(self, corpus: Corpus, depth: int, max_depth: int | None, images: Sequence[str]) -> int | None:
        """What one level (the roots being 0) may measure, reconstructions not counted; ``None`` for no limit."""
        if self.left is None:
            return None
        left = self.left - self.kept_back - self.fetcher.unpaid(images)
        return level_budget(corpus, depth, max_depth, max(0, left))

    def affords(self, images: Sequence[str], candidates: int, reserve: int = 0) -> int:
        """How many of some candidates can be tried on all of some images, with a number of edits to be left over."""
        if self.left is None:
            return candidates
        return max(0, min(candidates, (self.left - reserve - self.fetcher.unpaid(images)) // len(images)))


def budget(
    settings: Settings,
    corpus: Corpus,
    fetcher: Requester,
    images: Sequence[str],
    held_out: Sequence[str],
    screening: bool = False,
) -> Budget:
    """The budget of a search (after a screening, of what is left to search), or of its screening: half of the edits.

    A third at most is kept back for the images that are held out: enough for B attributes and the reconstructions.

    Args:
        fetcher: of a screening one that was not asked for anything yet.

    Raises:
        UsageError: it is not enough to try every root on one image, by both editors if there is a screening.
    """

    def enough(edits: int) -> Budget | None:
        own = edits - edits // 2 if screening else edits
        kept_back = min((own - fetcher.asked) // 3, len(held_out) * (settings.beam + 1))
        found = _sufficient(Budget(own, kept_back, fetcher), settings, corpus, images)
        if found is None or not screening:
            return found
        return _sufficient(Budget(edits // 2, 0, fetcher), settings, corpus, images)

    if settings.max_edits is None:
        return Budget(None, 0, fetcher)
    found = enough(settings.max_edits)
    if found is None:
        least = next(edits for edits in itertools.count(settings.max_edits) if enough(edits))
        raise UsageError(
            f"--max-edits {settings.max_edits} is not enough for {len(images)} reconstructions and a look at each of "
            f"{len(corpus.roots)} roots{', both by two editors' if screening else ''}: give at least {least}, or fewer "
            "images with `diffex corpus --n-images N`"
        )
    return found


def _sufficient(found: Budget, settings: Settings, corpus: Corpus, images: Sequence[str]) -> Budget | None:
    """The budget, if it is enough to try every root on one image."""
    roots = found.for_level(corpus, 0, settings.max_depth, images)
    return found if roots is not None and roots >= len(corpus.roots) else None
