"""An editor as the stages use it, whoever wrote it: what it is asked and what it answers goes through here."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import get_args

import numpy as np
from PIL import Image

from diffex_cli.artifacts.keys import checked_identity, checked_settings
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import called, each, foreign, open_backend
from diffex_cli.core.wording import writable
from diffex_cli.editors.base import Editor, EditRequest, EditResult, EditStatus, Listener, TellingEditor, failed

_MODES = ("RGB", "L", "P", "1", "RGBA", "LA", "PA", "CMYK", "YCbCr", "LAB", "HSV")
"""Those that say which colour a pixel has; of numbers of any size nobody knows it."""


class OpenedEditor:
    """An :class:`~diffex_cli.editors.base.Editor`. ``own``: the editor itself; ``spec``: what sentences call it.

    Every method raises a DiffexError that names the editor if its code fails, or gives something else than it must; a
    picture that is none makes its edit fail.
    """

    def __init__(self, own: Editor, spec: str) -> None:
        self.own = own
        self.who = called(registry.EDITORS, spec)

    @functools.cached_property
    def fingerprint(self) -> str:
        with foreign(self.who):
            return checked_identity(self.own.fingerprint, self.who)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        with foreign(self.who):
            return checked_settings(self.own.settings, self.who)

    def tell(self, listener: Listener) -> bool:
        """Have a listener hear of the work; ``False`` if this editor does not tell of it."""
        with foreign(self.who):
            if isinstance(self.own, TellingEditor):
                self.own.tell(listener)
                return True
            return False

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        """One result a request, in any order, and none else: pictures are RGB and of their image's size."""
        waiting = {request.key: request for request in requests}
        for result in each(self.who, lambda: self.own.edit(images, requests, seed)):
            if not isinstance(result, EditResult):
                raise DiffexError(f"{self.who} answered by {type(result).__name__}, and not by an EditResult")
            request = waiting.pop(result.key, None) if isinstance(result.key, str) else None
            if request is None:
                raise DiffexError(f"{self.who} answered a request that is not open")
            yield self._checked(result, images[request.image])
        if waiting:
            raise DiffexError(f"{self.who} left {len(waiting)} of {len(requests)} edits undone")

    def _checked(self, result: EditResult, original: Image.Image) -> EditResult:
        if result.status not in get_args(EditStatus):
            raise DiffexError(
                f"{self.who} says that an edit is {result.status!r}, which must be one of "
                f"{', '.join(get_args(EditStatus))}"
            )
        seconds = result.seconds
        if not isinstance(seconds, float | int) or not math.isfinite(seconds) or seconds < 0:
            raise DiffexError(f"{self.who} says that an edit took {seconds!r} seconds")
        reason = None if result.reason is None else writable(str(result.reason))
        if result.status == "failed":
            return failed(result.key, reason or "the editor gave no reason", seconds)
        fault = misfit(original, result.image, result.mask)
        if fault or result.image is None:
            return failed(result.key, fault or "", seconds)
        return dataclasses.replace(result, image=result.image.convert("RGB"), reason=reason)


def misfit(original: Image.Image, picture: object, mask: object) -> str | None:
    """Why what an editor returned cannot belong to the original, if it cannot."""
    if picture is None:
        return "the editor returned no picture"
    for part, name in ((picture, "picture"), (mask, "mask")):
        if part is not None and not isinstance(part, Image.Image):
            return f"the editor returned a {name} that is a {type(part).__name__}, and no picture of PIL's"
    assert isinstance(picture, Image.Image)
    sizes = f"{picture.width}x{picture.height} pixels for {original.width}x{original.height}"
    if picture.size != original.size:
        return f"the editor returned {sizes}"
    try:
        picture.load()
    except Exception as error:  # of many kinds, by what is torn
        return f"the editor returned a picture that cannot be read ({type(error).__name__})"
    if picture.mode == "F" and not np.isfinite(np.asarray(picture)).all():
        return "the editor returned pixels that are not finite"
    if picture.mode not in _MODES:
        return f"the editor returned a picture of mode {picture.mode}, whose numbers are no colours"
    if isinstance(mask, Image.Image) and (mask.size != original.size or mask.mode != "L"):
        return f"the editor returned a mask of mode {mask.mode} and {mask.width}x{mask.height} pixels for {sizes}"
    return None


def open_editor(text: str, devices: Sequence[str] = ("auto",)) -> OpenedEditor:
    """The editor that a spec names, its model not loaded yet; with several devices, in a process each."""
    spec = registry.parse_spec(text)
    if len(devices) == 1:
        return OpenedEditor(open_backend(registry.EDITORS, spec, device=devices[0]), spec.text)
    from diffex_cli.editors.parallel import ParallelEditor

    return OpenedEditor(ParallelEditor(spec, devices), spec.text)
