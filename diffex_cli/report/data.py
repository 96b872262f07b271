"""What a report is made of: plain values, filled in by the stage, read by everything in this room."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from diffex_cli.corpus.hierarchy import Corpus


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One candidate of the ranking; the columns of ``diffex.ranking/1``.

    Attributes:
        rank: 1 for the strongest influence.
        candidate: the candidate's id: attribute ids joined by ``" + "``, removed ones with a leading ``-``.
        name: what people read.
        target: the class that is explained.
        effect: signed mean change of the target's logit against the reconstruction; NaN if unknown.
        influence: its absolute value (Eq. 1).
        low: lower end of the effect's 95 % interval over the images, in logits; NaN if n < 2.
        high: upper end.
        n: number of images measured.
        depth: 0 for a root of the hierarchy.
        group: the attribute has finer attributes below it.
        placebo: the domain's images cannot have the attribute.
        status: ``"kept"`` or ``"dropped"``.
        reason: why, one sentence.
        effect_original: the mean change against the untouched originals instead; NaN if unknown.
    """

    rank: int
    candidate: str
    name: str
    target: str
    effect: float
    influence: float
    low: float
    high: float
    n: int
    depth: int
    group: bool
    placebo: bool
    status: str
    reason: str
    effect_original: float = float("nan")


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """One picture and what the classifier says about the target class on it.

    Attributes:
        file: the picture; a missing or unreadable one is left out of the report with a warning.
        logit: the target's logit, or NaN.
        probability: the target's softmax probability in [0, 1], or NaN.
    """

    file: Path
    logit: float
    probability: float


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """One input image before and after one candidate's edit.

    Attributes:
        image: the input image's key.
        original: the untouched image (red border).
        edited: the edited image (black border).
        delta: the target's change of logit, edited − reconstruction; NaN if unknown.
        reconstruction: the editor's output when it is asked for nothing, if there is one.
    """

    image: str
    original: Shot
    edited: Shot
    delta: float
    reconstruction: Shot | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """One level of the search.

    Attributes:
        number: 1 for the roots.
        kept: ids of the candidates that were kept, strongest first.
        dropped: ids of those that were dropped, strongest first.
    """

    number: int
    kept: tuple[str, ...]
    dropped: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """One resolved setting and where it came from (``flag``, ``environment``, ``default``, …)."""

    name: str
    value: object
    origin: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report shows.

    Attributes:
        domain: the corpus' domain.
        target: the class that is explained.
        classifier: the classifier's spec, as the user wrote it.
        editor: the editor's spec.
        delta: the threshold δ of the search, in logits.
        n_images: number of input images.
        corpus: the hierarchy.
        rows: the ranking, in any order (it is sorted by rank).
        pairs: for a candidate's id, *all* its before/after pairs; the report chooses which to show.
        levels: the search's levels, roots first.
        settings: the run's settings.
        provenance: for each stage, what its artifact recorded about its making.
        warnings: sentences that a reader has to know before trusting the numbers.
        created: when the ranking was made (ISO 8601, UTC); shown as it is.
    """

    domain: str
    target: str
    classifier: str
    editor: str
    delta: float
    n_images: int
    corpus: Corpus
    rows: tuple[Row, ...]
    pairs: Mapping[str, tuple[Pair, ...]] = dataclasses.field(default_factory=dict)
    levels: tuple[Level, ...] = ()
    settings: tuple[Setting, ...] = ()
    provenance: Mapping[str, Mapping[str, object]] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    created: str = ""
