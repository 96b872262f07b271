"""``search.yaml``: what was searched, level by level, and what came of it. ``docs/artifacts.md`` defines each key.

The fields are the keys, in the file's order. What has a default may be missing or null in a file: earlier versions and
other programs leave it out. A figure that is not known is ``None``.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.artifacts.records import read_record
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Groups
from diffex_cli.core.settings import REGION, Scale

SEARCH_SCHEMA = "diffex.search/1"

SETTINGS = (
    *("seed", "algorithm", "beam", "delta", "max_depth"),
    *("scale", "accept", "direction", "groups", "effects", "racing", "max_edits"),
    *REGION,
)
"""The settings that are keys of their own name, as used."""


@dataclasses.dataclass(frozen=True, slots=True)
class Backend:
    """An editor or a classifier."""

    spec: str
    fingerprint: str


@dataclasses.dataclass(frozen=True, slots=True)
class AttributeScale:
    """How a verifier's readings of an attribute were taken; see
    :class:`~diffex_cli.measure.calibration.Scale`."""

    attribute: str
    threshold: float
    width: float
    noise: float


@dataclasses.dataclass(frozen=True, slots=True)
class CalibrationRecord:
    """Of a verifier whose readings are no probabilities."""

    placebos: int
    scales: tuple[AttributeScale, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Floor:
    """The influence that noise alone can show."""

    value: float | None = None
    source: str = ""
    arms: int = 0
    n: int = 0


@dataclasses.dataclass(frozen=True, slots=True)
class Detectable:
    """The effect that a search of this size would have found; infinite if nothing could have passed."""

    effect: float | None = None
    alpha: float | None = None
    power: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Holdout:
    """The effect on the images that the search did not use."""

    effect: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    confirmed: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Tried:
    """One candidate of a level."""

    candidate: str
    name: str = ""
    parent: str | None = None
    effect: float | None = None
    influence: float | None = None
    reach: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    status: str = ""
    expanded: bool | None = None
    reason: str = ""
    p_value: float | None = None
    p_corrected: float | None = None
    below_floor: bool | None = None
    passed: bool | None = None
    holdout: Holdout | None = None
    images: int | None = None
    decided: bool | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class TriedSet:
    """A set of attributes in one edit."""

    candidate: str
    name: str = ""
    parts: tuple[str, ...] = ()
    effect: float | None = None
    influence: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    singles: tuple[float | None, ...] = ()
    sum: float | None = None
    interaction: float | None = None
    interaction_low: float | None = None
    interaction_high: float | None = None
    shared: int | None = None
    status: str = ""
    reason: str = ""
    p_value: float | None = None
    p_corrected: float | None = None
    below_floor: bool | None = None
    passed: bool | None = None
    holdout: Holdout | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Screened:
    """A candidate as the cheaper editor saw it."""

    candidate: str
    name: str = ""
    parent: str | None = None
    effect: float | None = None
    reach: float | None = None
    n: int | None = None
    images: int | None = None
    survived: bool = False
    expanded: bool | None = None
    reason: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ScreeningRecord:
    """What a cheaper editor did first."""

    editor: Backend
    edits: int = 0
    candidates: tuple[Screened, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class SearchLevel:
    """One level of the hierarchy, its candidates in the search's order of preference."""

    depth: int
    candidates: tuple[Tried, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SearchDocument:
    """The whole file; ``unsaid`` alone is no key of it: which of :data:`SETTINGS`, and whether ``verifier``, the
    file that was read lacks."""

    id: str | None = None
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    target: str
    name: str | None = None
    best: str | None = None
    best_joint: str | None = None
    passed: tuple[str, ...] = ()
    images: int
    algorithm: str | None = None
    beam: int | None = None
    delta: float
    max_depth: int | None = None
    seed: int
    scale: Scale = "logit"
    accept: str | None = None
    direction: str = "corpus"
    groups: Groups = "words"
    effects: str = "asked"
    racing: bool | None = None
    max_edits: int | None = None
    region: str | None = None
    keep_region: str | None = None
    feather: int | None = None
    held_out: tuple[str, ...] = ()
    joint_size: int | None = None
    floor: Floor = Floor()
    detectable: Detectable = Detectable()
    corrected_for: int | None = None
    corrected_for_sets: int | None = None
    editor: Backend
    classifier: Backend
    verifier: Backend | None = None
    protect: tuple[str, ...] = ()
    exclusive: tuple[tuple[str, ...], ...] = ()
    calibration: CalibrationRecord | None = None
    corpus_sha256: str | None = None
    images_sha256: str | None = None
    screening: ScreeningRecord | None = None
    levels: tuple[SearchLevel, ...] = ()
    joint: tuple[TriedSet, ...] = ()
    unsaid: frozenset[str] = dataclasses.field(default=frozenset(), metadata={"key": False})

    @property
    def searched(self) -> int:
        """How many images the search used."""
        return self.images - len(self.held_out)

    @property
    def tried(self) -> dict[str, Tried | TriedSet]:
        """All that was tried, by candidate id."""
        singles = {one.candidate: one for level in self.levels for one in level.candidates}
        return {**singles, **{one.candidate: one for one in self.joint}}


def write_search(path: Path, document: SearchDocument) -> None:
    """Replace the file."""
    content = dataclasses.asdict(document)
    del content["unsaid"]
    write_document(path, SEARCH_SCHEMA, content)


def read_search(path: Path) -> SearchDocument:
    """Read the file, whoever wrote it; keys that nobody knows are left out.

    Raises:
        FileNotFoundError: there is no such file.
        UsageError: it is no such document, or a key is missing or of the wrong type.
    """
    content = read_document(path, SEARCH_SCHEMA)
    try:
        document = read_record(SearchDocument, content)
        if document.searched < 0:
            raise ValueError("held_out: more images than there are")
    except ValueError as error:
        raise UsageError(
            f"{path} lacks or garbles a key ({error}): run `diffex search --run {path.parent}` again"
        ) from error
    return dataclasses.replace(document, unsaid=frozenset((*SETTINGS, "verifier")) - content.keys())
