"""The seam between diffex and whatever turns (image, candidate) into an edited image."""

from __future__ import annotations

import dataclasses
import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from PIL import Image

from diffex_cli.artifacts.keys import digest
from diffex_cli.core.hierarchy import Candidate

EditStatus = Literal["ok", "no-op", "failed"]


@dataclasses.dataclass(frozen=True, slots=True)
class EditRequest:
    """One edit to make. ``key`` is opaque to the editor and comes back with the result."""

    key: str
    image: str
    """The input image's key: the digest of its pixels."""
    candidate: Candidate


@dataclasses.dataclass(frozen=True, slots=True)
class EditResult:
    """What became of one request. A failed edit has no image, and a reason. A no-op has the unchanged image.
    ``seconds`` is this edit's share of the wall time of the batch in which it was made. ``mask`` is where the editor
    let itself change the picture, as a picture of mode ``L`` of the same size (255: everywhere in it); ``None`` if it
    knows no bounds."""

    key: str
    status: EditStatus
    image: Image.Image | None
    seconds: float
    reason: str | None = None
    mask: Image.Image | None = None


def failed(key: str, reason: str, seconds: float = 0.0) -> EditResult:
    """The result of a request that could not be met."""
    return EditResult(key, "failed", None, seconds, reason)


class Editor(Protocol):
    """Turns requests into results. Constructed from a :class:`~diffex_cli.core.registry.Spec`, cheaply: the model is
    loaded at the first edit. Bad options raise :class:`~diffex_cli.core.errors.UsageError` at construction."""

    @property
    def fingerprint(self) -> str:
        """A digest of everything about the editor that can change a pixel: the model's files, its
        settings, its version. Known without loading the model."""
        ...

    @property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint was made of, for people to read; no secrets, no local paths."""
        ...

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """Make the edits, yielding each as soon as it is done, in any order.

        Args:
            images: image key → RGB picture, at least all that the requests name.
            requests: what to make. The empty candidate asks for the reconstruction.
            seed: with the image's key, fixes all randomness; a result does not depend on what else is in the batch.

        Yields:
            exactly one result a request, of the same size as its input image. One that could not
            be made is ``failed`` with a reason; it never ends the others.
        """
        ...


Work = Literal["load", "image", "edit"]
"""What an editor does: load its model, prepare an image, make an edit."""

Listener: TypeAlias = Callable[[Work, float], None]
"""Hears how much of what was done just now."""


@runtime_checkable
class TellingEditor(Protocol):
    """An :class:`Editor` that tells of parts of edits while it makes a large batch, so that people learn early how long
    all will take. Optional."""

    def tell(self, listener: Listener) -> None:
        """Have a listener hear of all work as soon as it is done: the parts of a batch's edits add up to as many
        edits, reconstructions left out. It replaces an earlier listener."""
        ...


class Settled(ABC):
    """An editor whose fingerprint is the digest of its settings."""

    @property
    @abstractmethod
    def settings(self) -> Mapping[str, object]: ...

    @functools.cached_property
    def fingerprint(self) -> str:
        return digest(self.settings)
