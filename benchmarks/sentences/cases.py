"""What is asked: which classifier, about which class, by which editor, on how many images."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from benchmarks.truth.pictures import RENDERER
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.birds.species import LABELS

EDITORS = ("ledits:birds", RENDERER)
COUNTS = (16, 48)
"""The demo's, and all sample images: half of these are held out by default."""
GROUPS = ("shortcut", "species", "planted", "function", "null")


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One search at the shipped defaults. ``group``: one of :data:`GROUPS`; ``images``: how many it is given."""

    group: str
    classifier: str
    target: str
    editor: str
    images: int

    @property
    def id(self) -> str:
        """Names it in the records."""
        return f"{self.classifier}/{self.target}/{self.editor}/{self.images}"


def cases(editors: Sequence[str], counts: Sequence[int], groups: Sequence[str]) -> tuple[Case, ...]:
    """All of them; first what takes least time: few images before many, drawn pictures before edited ones.

    The formulas come last: they are many, and no networks.
    """
    wanted = [one for one in _explained() if one[0] in groups]
    asked = itertools.product(sorted(counts), sorted(editors, key=lambda editor: editor != RENDERER))
    found = [Case(*one, editor, count) for count, editor in asked for one in wanted]
    return tuple(sorted(found, key=lambda case: case.group == "function"))


def _explained() -> list[tuple[str, str, str]]:
    """Group, classifier and target."""
    embedded = [(name, f"birds:{name}", label) for name in ("shortcut", "species") for label in LABELS]
    panel = [(member.family, member.spec, member.target) for member in PANEL.values()]
    found = [*embedded, *panel, ("null", "birds:null", LABELS[0])]
    return sorted(found, key=lambda one: GROUPS.index(one[0]))
