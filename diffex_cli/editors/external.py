"""The editor ``external:NAME``: the edits are made by another program, which writes ``edits/*.parquet``.

``docs/artifacts.md`` says what that program reads and writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from PIL import Image

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.editors.base import EditRequest, EditResult


class ExternalEditor:
    """Stands for a program of this name. Its fingerprint is the spec itself, ``external:NAME``. Give the program a new
    name when its pictures change (``external:recolor-2``)."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        if not spec.model or spec.options:
            raise UsageError(f"{spec.text!r} must be external:NAME, without options, e.g. external:recolor")
        self._name = spec.model
        self.fingerprint = f"external:{self._name}"
        self.settings: Mapping[str, object] = {"editor": "external", "name": self._name}

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        raise UsageError(
            f"{len(requests)} edits by {self._name!r} are missing, and diffex cannot make them: "
            f"`diffex search --no-fill` writes requests.parquet; run {self._name!r} on it, then `diffex score`"
        )
