"""One row of each table, typed. The fields are the columns, in their order."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.instructions import parse_instructions
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.output_kinds import OutputKind, probabilities


@dataclasses.dataclass(frozen=True, slots=True)
class InputImage:
    """One input image.

    Attributes:
        image: its key, the digest of its pixels (:func:`~diffex_cli.artifacts.keys.image_key`).
        file: where it lies, relative to the run directory.
        source: where it came from, for people.
        width: in pixels.
        height: in pixels.
        label: its true class, if known.
    """

    image: str
    file: str
    source: str
    width: int
    height: int
    label: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class EditRow:
    """What became of one (image, candidate) edit.

    Attributes:
        edit: the edit's key (:func:`~diffex_cli.artifacts.keys.edit_key`).
        candidate: the candidate's id; empty for the reconstruction.
        editor: the editor's fingerprint.
        file: the edited picture, relative to the run directory; ``None`` if the edit failed.
        status: ``"ok"``, ``"no-op"`` or ``"failed"``.
        changed: share of pixels whose largest channel difference to the input exceeds 16/255.
        mean_change: mean absolute difference to the input, in [0, 1].
        seconds: this edit's share of the time that its batch took.
        mask_share: share of pixels inside the mask that the editor let itself change; ``None`` if it
            knows no mask.
        change_inside: mean absolute difference to the input inside the mask, in [0, 1].
        change_outside: the same outside of it.
        saturated: share of pixels that are pure black or white in a channel and were not in the input.
        perceptual: distance to the input in a network's features; ``None`` without a network.
    """

    edit: str
    image: str
    candidate: str
    editor: str
    seed: int
    file: str | None
    status: str
    reason: str | None
    changed: float
    mean_change: float
    seconds: float
    mask_share: float | None = None
    change_inside: float | None = None
    change_outside: float | None = None
    saturated: float | None = None
    perceptual: float | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class ScoreRow:
    """What one classifier said of one picture.

    Attributes:
        subject: an input image's key, or an edit's.
        kind: ``"original"`` or ``"edit"``.
        values: the logits as they are kept, shape (len(labels),), float32 in a run directory; :attr:`logits` to
            compute with.
    """

    subject: str
    kind: str
    labels: tuple[str, ...]
    values: NDArray[np.floating]
    output_kind: OutputKind = "softmax"

    @property
    def logits(self) -> NDArray[np.float64]:
        """Shape (len(labels),), unnormalised; made anew each time, since float64 takes twice the memory."""
        return self.values.astype(np.float64)

    def logit(self, label: str) -> float:
        """The class's logit."""
        return float(self.values[self.labels.index(label)])

    def probability(self, label: str) -> float:
        """The class's probability, in [0, 1]; NaN if it has none."""
        return float(probabilities(self.logits[None], self.output_kind)[0, self.labels.index(label)])

    @property
    def prediction(self) -> str:
        """The class with the largest logit, the first of several."""
        return self.labels[int(self.values.argmax())]

    @property
    def predicted(self) -> tuple[str, ...]:
        """What the classifier decides for: one class of several, or all labels whose logit is above 0; of quantities
        none."""
        if self.output_kind == "regression":
            return ()
        if self.output_kind == "softmax":
            return (self.prediction,)
        return tuple(label for label, logit in zip(self.labels, self.values, strict=True) if logit > 0)


class Scores(dict[str, ScoreRow]):
    """Subject → what a classifier said of it, of all classes and finite.

    Attributes:
        unusable: the subjects that it did score, with a number that is not finite. They count as scored, so that
            nobody asks for them again, and have no row, so that nobody computes with them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.unusable: set[str] = set()

    def add(self, row: ScoreRow) -> None:
        """Take a row, the last of its subject so far."""
        if np.isfinite(row.values).all():
            self[row.subject] = row
            self.unusable.discard(row.subject)
        else:
            self.pop(row.subject, None)
            self.unusable.add(row.subject)


@dataclasses.dataclass(frozen=True, slots=True)
class RequestRow:
    """One edit that somebody has to make: all that a foreign editor needs.

    Attributes:
        edit: the edit's key, to be copied into its row of ``edits/``.
        file: the input PNG, relative to the run directory.
        candidate: the candidate's id; empty for the reconstruction.
        instructions: JSON list of ``{"id", "prompt", "remove", "overrides"}``, one for each attribute, with
            ``"replaces"`` where it takes the place of something.
        editor: fingerprint of the editor that is asked.
    """

    edit: str
    image: str
    file: str
    candidate: str
    instructions: str
    editor: str
    seed: int

    def parsed_candidate(self) -> Candidate:
        """The instructions as a candidate.

        Raises:
            ValueError: they are not what the column should hold.
        """
        try:
            candidate = parse_instructions(self.instructions)
            if candidate.id != self.candidate:
                raise ValueError(f"they are of {candidate.id!r}, not of {self.candidate!r}")
        except (ValueError, UsageError) as error:
            raise ValueError(f"the instructions of edit {self.edit[:16]} are malformed: {error}") from error
        return candidate


@dataclasses.dataclass(frozen=True, slots=True)
class RankingRow:
    """One candidate with its influence.

    Attributes:
        rank: 1 for the strongest.
        candidate: attribute ids joined by ``" + "``.
        target: the class that is explained.
        effect: signed mean change of the target's logit against the reconstruction; NaN if unknown.
        influence: its absolute value (Eq. 1).
        low: lower end of the effect's 95 % interval over the images; NaN if unknown.
        depth: 0 for a root of the hierarchy.
        group: the attribute has finer ones below it.
        placebo: the domain's images cannot have the attribute.
        status: ``"kept"`` or ``"dropped"``.
        effect_original: the mean change against the untouched originals instead; NaN if unknown.

    What follows is ``None`` where it is not known; ``docs/artifacts.md`` has the definitions.

    Attributes:
        p_value: two-sided, of "does nothing", for this candidate alone.
        p_corrected: the same, corrected for all candidates that the search looked at.
        delta_probability: signed mean change of the target's probability, with its 95 % interval.
        flip_to: of the images not predicted as the target, the share that is after the edit.
        flip_from: of the images predicted as the target, the share that is not after the edit.
        up: share of images on which the target's logit rises.
        down: share on which it falls.
        cace: causal concept effect, in probability: with the attribute minus without.
        necessity, sufficiency, necessity_sufficiency: PN, PS and PNS, with the bounds from the two rates alone.
        cout: COUT of the two-point path.
        valid: share of the successful edits that changed the picture.
        coverage_rank: the place in AttFind's greedy ranking of what was kept.
        below_floor: the influence does not exceed the search's noise floor.
        passed: kept, no placebo, above the floor and, where ``p_corrected`` is known, significant at 5 %.
        effect_holdout: the effect on the images that the search did not use, with its 95 % interval.
        n_holdout: how many of those.
        confirmed: that interval excludes zero, on the side of ``effect``.
        images: on how many images the search tried it.
        decided: its place in the beam was certain by then; ``None`` without racing.
        joint_sum: of a joint candidate, the sum of the effects of its attributes alone.
        interaction: its effect minus that sum, with its 95 % interval.
        claim: what the evidence lets one say: see :func:`~diffex_cli.search.statistics.claims.claim_of`.
        effect_asked: the effect as measured, without what a verifier saw.
        shown: on how many images nothing was edited, since a verifier saw them as asked already.
        landed: of the edits that the verifier could read, the share that show what they were asked for, with its 95 %
            interval (Wilson's).
        n_landed: how many those are.
        class_lost: of the edits of images whose own class the verifier sees in the reconstruction, the share in which
            it does not.
        n_class: how many those are.
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
    effect_original: float
    p_value: float | None = None
    p_corrected: float | None = None
    delta_probability: float | None = None
    delta_probability_low: float | None = None
    delta_probability_high: float | None = None
    flip_to: float | None = None
    flip_from: float | None = None
    up: float | None = None
    down: float | None = None
    cace: float | None = None
    necessity: float | None = None
    necessity_low: float | None = None
    necessity_high: float | None = None
    sufficiency: float | None = None
    sufficiency_low: float | None = None
    sufficiency_high: float | None = None
    necessity_sufficiency: float | None = None
    necessity_sufficiency_low: float | None = None
    necessity_sufficiency_high: float | None = None
    cout: float | None = None
    valid: float | None = None
    coverage_rank: int | None = None
    below_floor: bool | None = None
    passed: bool | None = None
    effect_holdout: float | None = None
    low_holdout: float | None = None
    high_holdout: float | None = None
    n_holdout: int | None = None
    confirmed: bool | None = None
    images: int | None = None
    decided: bool | None = None
    joint_sum: float | None = None
    interaction: float | None = None
    interaction_low: float | None = None
    interaction_high: float | None = None
    claim: str | None = None
    effect_asked: float | None = None
    shown: int | None = None
    landed: float | None = None
    landed_low: float | None = None
    landed_high: float | None = None
    n_landed: int | None = None
    class_lost: float | None = None
    n_class: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One candidate on one image: which edit stands for it, and what that did.

    Attributes:
        candidate: its id.
        edit: the key of the edit; the reconstruction's where the image is already as the candidate asks.
        shown: it is.
        asked: the change of the candidate's target by this edit, against the reconstruction; NaN if the edit failed.
        change: what the ranking's effect is the mean of: the same after the correction by what was seen; of a group
            that was opened, the mean of its members'.
        landed: the edit shows what it was asked for; ``None`` if nobody can tell.
        held_out: the image is one that the search did not use.
        class_lost: the verifier sees the image's own class in the reconstruction and not in the edit; ``None`` if it
            does not see it there, or that is not known.
    """

    candidate: str
    image: str
    edit: str
    shown: bool
    asked: float
    change: float
    landed: bool | None
    held_out: bool
    class_lost: bool | None = None
