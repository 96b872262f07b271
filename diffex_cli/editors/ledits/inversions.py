"""Inversions by image: made once, kept in memory and on disk."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.editors.ledits.cache import InversionCache
from diffex_cli.editors.ledits.inversion import Inversion, invert, trajectory_noise
from diffex_cli.editors.ledits.model import DiffusionModel
from diffex_cli.editors.ledits.solver import Schedule
from diffex_cli.editors.models.batching import RowLimit, free_memory, is_out_of_memory
from diffex_cli.editors.models.seeds import image_seed

_MEMORY = 2 * 2**30
"""How many bytes the inversions in memory may take; one of a 512-pixel image in 50 steps is about 10 MB."""


class Inversions:
    """Inverts images when they are first needed. ``identity``: all that determines an inversion beside image, picture
    size and seed; ``on_image``: hears of each that was made."""

    def __init__(
        self,
        model: DiffusionModel,
        schedule: Schedule,
        cache: InversionCache,
        limit: RowLimit,
        identity: object,
        on_image: Callable[[], None] = lambda: None,
    ) -> None:
        self._model, self._schedule, self._cache, self._limit = model, schedule, cache, limit
        self._on_image = on_image
        self._identity = digest(identity)
        self._kept: OrderedDict[str, Inversion] = OrderedDict()

    def of(
        self,
        keys: Sequence[str],
        images: Mapping[str, Image.Image],
        size: Callable[[Image.Image], tuple[int, int]],
        seed: int,
    ) -> dict[str, Inversion]:
        """The inversions of some images. ``size``: (width, height) to bring a picture to."""
        found: dict[str, Inversion] = {}
        for key in dict.fromkeys(keys):
            target = size(images[key])
            name = digest([self._identity, key, target, seed])
            inversion = self._kept.pop(name, None) or self._cache.get(name, self._schedule, self._model.device)
            if inversion is None:
                inversion = self._invert(images[key].resize(target, Image.Resampling.LANCZOS), image_seed(seed, key))
                self._cache.put(name, inversion)
                self._on_image()
            found[key] = self._kept[name] = inversion  # now the last to be let go
            # those of pictures of other sizes may be larger
            while len(self._kept) > 1 and sum(kept.nbytes for kept in self._kept.values()) > _MEMORY:
                self._kept.popitem(last=False)
        return found

    def _invert(self, image: Image.Image, seed: int) -> Inversion:
        """An image has noise of its own, so that a result does not depend on what else is in a batch."""
        (x0,) = self._model.encode([image])
        noise = trajectory_noise(tuple(x0.shape), self._schedule.steps, seed).to(x0.device)
        while True:
            try:
                return invert(self._schedule, x0, noise, self._model.predict_empty, rows=self._limit.rows)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error) or not self._limit.halve():
                    raise
                free_memory()
