"""What a report is made of: plain values, filled in by the stage, read by everything in this room."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from diffex_cli.artifacts.rows import EditRow, InputImage, RankingRow, ScoreRow
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.registry import short_spec
from diffex_cli.core.settings import Scale
from diffex_cli.measure.targets import UNITS, Quantity, quantity
from diffex_cli.report.leaks import Leak
from diffex_cli.report.verifier_trust import Trust

Row: TypeAlias = RankingRow
"""One candidate of the ranking; what is ``None`` or NaN was not measured, as in runs of earlier versions."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shot:
    """One picture and what the classifier says about the target class on it.

    Attributes:
        file: the picture; a missing or unreadable one is left out of the report with a warning.
        value: what an effect is a change of, the target's logit or its probability; NaN if unknown.
        probability: the target's probability in [0, 1], or NaN.
        logit: the target's logit (of a contrast, the difference of two); NaN if unknown.
    """

    file: Path
    value: float
    probability: float
    logit: float = math.nan


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """One input image before and after one candidate's edit.

    Attributes:
        image: the input image's key.
        original: the untouched image (red border).
        edited: the edited image (black border).
        delta: the change of the shots' value, edited − reconstruction; NaN if unknown.
        reconstruction: the editor's output when it is asked for nothing, if there is one.
    """

    image: str
    original: Shot
    edited: Shot
    delta: float
    reconstruction: Shot | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One candidate as the search looked at it.

    Attributes:
        candidate: its id.
        name: what people read.
        status: ``kept`` or ``dropped``.
        reason: why.
        parent: id of the candidate that it was tried below; ``None`` for a root.
        expanded: whether the search went on below it; ``None`` if that was not recorded.
        effect: signed mean change; NaN if unknown, as the four that follow.
        low: lower end of its 95 % interval.
        high: upper end.
        reach: mean of the absolute changes.
        n: images with a successful edit.
    """

    candidate: str
    name: str
    status: str
    reason: str = ""
    parent: str | None = None
    expanded: bool | None = None
    effect: float = math.nan
    low: float = math.nan
    high: float = math.nan
    reach: float = math.nan
    n: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Level:
    """One level of the search.

    Attributes:
        number: 1 for the roots.
        steps: its candidates, in the search's order of preference.
    """

    number: int
    steps: tuple[Step, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Evidence:
    """What is known image by image beyond the pairs; empty where a run does not have it.

    Attributes:
        images: input image's key → its row, of the images that the search used.
        edits: candidate's id → image's key → the edit, failed ones too; the reconstructions are under the empty id.
        scores: subject (image's or edit's key) → what the classifier says.
        class_lost: candidate's id → keys of the images whose own class a verifier no longer sees in the edit.
        heat: original or edited picture's file → the file of the same picture under its heat map.
        heat_kind: ``gradcam`` or ``occlusion``; empty if there are no heat maps.
        heat_note: a sentence on how they were made.
    """

    images: Mapping[str, InputImage] = dataclasses.field(default_factory=dict)
    edits: Mapping[str, Mapping[str, EditRow]] = dataclasses.field(default_factory=dict)
    scores: Mapping[str, ScoreRow] = dataclasses.field(default_factory=dict)
    class_lost: Mapping[str, frozenset[str]] = dataclasses.field(default_factory=dict)
    heat: Mapping[Path, Path] = dataclasses.field(default_factory=dict)
    heat_kind: str = ""
    heat_note: str = ""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One attribute of a set: its candidate id, and its effect alone on the images that the set was measured on."""

    candidate: str
    effect: float


@dataclasses.dataclass(frozen=True, slots=True)
class Floor:
    """The influence that noise alone can show.

    Attributes:
        value: in the unit of the effects.
        source: ``placebos``, ``sign flips``, or ``largest placebo`` for a run that recorded none.
        arms: how many placebos (or candidates) it is made of.
        n: images of the one of them that has the fewest; 0 if unknown.
    """

    value: float
    source: str
    arms: int
    n: int = 0


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
        target: what is explained: a class, ``predicted``, a contrast ``A - B``, or ``all``.
        classifier: the classifier's spec, as the user wrote it.
        name: what to call it instead; empty for its spec.
        editor: the editor's spec.
        delta: the threshold δ of the search, in the unit of the effects.
        n_images: number of images that the search used.
        corpus: the hierarchy.
        rows: the ranking, in any order (it is sorted by rank).
        pairs: for a candidate's id, *all* its before/after pairs of the images that the search used; the report chooses
            which to show.
        levels: the search's levels, roots first.
        settings: the run's settings.
        provenance: for each stage, what its artifact recorded about its making.
        warnings: sentences that a reader has to know before trusting the numbers.
        created: when the ranking was made (ISO 8601, UTC); shown as it is.
        scale: ``logit`` or ``prob``: what an effect is a change of; see :attr:`quantity`.
        n_held_out: number of further images, on which what was kept was measured again.
        floor: the noise floor; ``None`` if nothing measured it.
        detectable: the smallest effect that the search would have found four times out of five; NaN if unknown,
            infinite if with so few images nothing can pass.
        corrected_for: how many single attributes (times classes) their p-values are corrected for; ``None`` if unknown.
        corrected_for_sets: the same of the sets of attributes; ``None`` also where both were corrected together.
        best_joint: id of the set of attributes that is named best; ``None`` if no set was kept.
        screening: a sentence on what a cheaper editor left out before the search; empty without one.
        parts: for a set's id, its attributes' ids and what each does alone, the strongest first.
        evidence: what is known image by image beyond the pairs.
        region: the spec of what the edits were bound to; empty for the whole picture.
        keep_region: the spec of what no edit changed; empty for nothing.
        verified: a verifier looked at the edits; ``None`` of a search by an earlier version, which says nothing of it.
        trust: how far that verifier can be trusted; ``None`` without one.
        also_changed: for a candidate's id, what else was read in its edits, what they changed most often first; see
            :mod:`~diffex_cli.report.leaks`.
        own_class: the class of all images, by their labels or, without any, the target; empty if they have several.
        protect: ids of the attributes whose changes are told first.
        search: the id of the search; ``None`` of one of an earlier version or of another program.
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
    scale: Scale = "logit"
    n_held_out: int = 0
    floor: Floor | None = None
    detectable: float = math.nan
    corrected_for: int | None = None
    corrected_for_sets: int | None = None
    best_joint: str | None = None
    screening: str = ""
    parts: Mapping[str, tuple[Part, ...]] = dataclasses.field(default_factory=dict)
    evidence: Evidence = Evidence()
    name: str = ""
    region: str = ""
    keep_region: str = ""
    search: str | None = None
    verified: bool | None = None
    trust: Trust | None = None
    also_changed: Mapping[str, tuple[Leak, ...]] = dataclasses.field(default_factory=dict)

    own_class: str = ""
    protect: tuple[str, ...] = ()

    @property
    def shown_name(self) -> str:
        """What people are told that the classifier is called, short enough for a title."""
        return self.name or short_spec(self.classifier)

    @property
    def quantity(self) -> Quantity:
        """What an effect is a change of, in a word."""
        return quantity(self.scale, self.evidence.scores.values())

    @property
    def unit(self) -> str:
        """What follows the figure of an effect."""
        return UNITS[self.quantity]

    @property
    def every_class(self) -> bool:
        """All classes are explained at once: a row's target is the class that its attribute moves most."""
        # a class may be called "all"
        return self.target == "all" and any(row.target != self.target for row in self.rows)

    @property
    def judged(self) -> bool:
        """There are p-values; other programs may give none, and then nothing is shown to matter."""
        return any(row.p_corrected is not None for row in self.rows)
