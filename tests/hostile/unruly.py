"""Plug-ins that do what none may do: the spec says where, and what."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.registry import Spec
from diffex_cli.editors.base import EditRequest, EditResult
from diffex_cli.verifiers.base import Attribute, Sight

POINTS = """\
[diffex.editors]
unruly = unruly:UnrulyEditor
broken = unruly:there_is_none
[diffex.classifiers]
unruly = unruly:UnrulyClassifier
broken = unruly:there_is_none
[diffex.corpus_providers]
unruly = unruly:UnrulyProvider
broken = unruly:there_is_none
[diffex.verifiers]
unruly = unruly:UnrulyVerifier
broken = unruly:there_is_none
"""


class Rude(BaseException):
    """What no ``except Exception`` catches."""


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise ValueError("and no words for it")


def leave(code: int) -> None:
    raise SystemExit(code)


def rude() -> None:
    raise Rude("out of my way")


def stop() -> None:
    raise GeneratorExit


def speechless() -> None:
    raise SpeechlessError


def plain() -> None:
    raise ZeroDivisionError("by zero")


def pipe() -> None:
    raise BrokenPipeError(32, "Broken pipe")


DEEDS: dict[str, Callable[[], None]] = {
    "exit0": lambda: leave(0),
    "exit7": lambda: leave(7),
    "rude": rude,
    "stop": stop,
    "speechless": speechless,
    "plain": plain,
    "pipe": pipe,
    "die": lambda: os._exit(0),
    "none": lambda: None,
}
SAID = {
    "exit0": "tried to end the command by SystemExit (0)",
    "exit7": "tried to end the command by SystemExit (7)",
    "rude": "tried to end the command by Rude (out of my way)",
    "stop": "tried to end the command by GeneratorExit (GeneratorExit)",
    "speechless": "raised SpeechlessError: SpeechlessError (`diffex --debug …` shows where)",
    "plain": "raised ZeroDivisionError: by zero (`diffex --debug …` shows where)",
    "pipe": "raised BrokenPipeError: [Errno 32] Broken pipe (`diffex --debug …` shows where)",
}


class _Unruly:
    def __init__(self, spec: Spec, device: str = "auto") -> None:
        self.place, _, self.deed = spec.model.partition("-")
        self.done = 0
        self.at("construction")

    def at(self, place: str) -> None:
        if place == self.place:
            DEEDS[self.deed]()

    @property
    def fingerprint(self) -> str:
        self.at("fingerprint")
        return "unruly"

    @property
    def settings(self) -> Mapping[str, object]:
        self.at("settings")
        return {"made": "by hand"}


class UnrulyEditor(_Unruly):
    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        self.at("call")
        try:
            for request in requests:
                self.done += 1
                if self.done == 4:
                    self.at("middle")
                yield EditResult(request.key, "ok", Image.eval(images[request.image], lambda value: 255 - value), 0.0)
        finally:
            self.at("end")


class UnrulyClassifier(_Unruly):
    @property
    def labels(self) -> tuple[str, ...]:
        self.at("labels")
        return ("red", "green", "blue")

    @property
    def output_kind(self) -> str:
        self.at("kind")
        return "softmax"

    def logits(self, images: Sequence[Image.Image]) -> Any:
        self.at("call")
        return np.stack([np.asarray(image, dtype=np.float64).mean(axis=(0, 1)) / 25.5 for image in images])


class UnrulyProvider(_Unruly):
    def corpus(self, domain: str) -> Any:
        self.at("call")
        return Corpus(domain, ()) if self.place == "" else "a hierarchy"


class UnrulyVerifier(_Unruly):
    @property
    def costs(self) -> bool:
        self.at("costs")
        return False

    def exclusive(self, attributes: Sequence[Attribute]) -> Any:
        self.at("exclusive")
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        self.at("call")
        return np.array([[0.4 if sight.picture.getbbox() else 0.1] * len(attributes) for sight in sights])


def install(folder: Path, patch: pytest.MonkeyPatch) -> str:
    """Make them plug-ins of this process; returns the path with which others find them, too."""
    info = folder / "unruly-1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: unruly\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    patch.syspath_prepend(str(folder))
    here = Path(__file__).parent
    return os.pathsep.join([str(folder), str(here), str(here.parent), str(here.parents[1]), *sys.path])
