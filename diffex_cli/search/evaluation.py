"""From attributes to their effects: what the pure search algorithm asks for, fetched from the run directory."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import EditRow, ScoreRow
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate, Corpus, Node
from diffex_cli.core.output_kinds import probabilities
from diffex_cli.core.progress import Progress
from diffex_cli.measure.looking import own_classes
from diffex_cli.measure.making import tally
from diffex_cli.measure.outcomes import Outcomes
from diffex_cli.measure.recording import record
from diffex_cli.measure.saturation import saturation
from diffex_cli.measure.session import EditWish, Session
from diffex_cli.measure.targets import ALL, Target, choose, logit_blocks
from diffex_cli.measure.unusable import check_originals, unusable
from diffex_cli.search.algorithm.contest import Request
from diffex_cli.search.algorithm.panel import panel_order
from diffex_cli.search.budget import Budget
from diffex_cli.search.checked import Checked
from diffex_cli.search.correcting import Corrections
from diffex_cli.search.fetching import Requester
from diffex_cli.search.pooling import Parts, Pools
from diffex_cli.search.statistics import cout
from diffex_cli.search.statistics.adjusted import Correction
from diffex_cli.search.statistics.holdout import holdout_by_default, split
from diffex_cli.search.statistics.influence import Effect
from diffex_cli.search.statistics.intervals import Estimate, mean_interval
from diffex_cli.search.statistics.summary import CandidateStatistics, candidate_statistics

_Place: TypeAlias = tuple[str, tuple[str, ...]]
"""A candidate's id, and the keys of images."""


class Evaluator:
    """The :class:`~diffex_cli.search.algorithm.contest.Panel` of a search: candidates' changes of the target.

    With several targets (``all``), a candidate's figures are those of the one that it moves most.

    Args:
        fill: make what is missing; otherwise ask for it in ``requests.parquet``.
        before: the evaluator of a screening, whose edits count too.
        check: have the verifier look at the edits, too, and not at the originals alone.

    Attributes:
        corpus: the hierarchy, its attributes added or removed as the settings say.
        images: keys of the images that the search uses.
        held_out: keys of the others, on which it measures what it kept; empty without a holdout.
        groups: ids of the candidates that have finer ones below them.
    """

    def __init__(
        self, session: Session, progress: Progress, fill: bool, before: Evaluator | None = None, check: bool = True
    ) -> None:
        self._session, self._fill = session, fill
        settings = session.settings
        self.corpus: Corpus = session.searched
        self.images, self.held_out = image_parts(session)
        self.fetcher: Requester = Requester(session, progress, fill, before.fetcher if before else None)
        self.checked = None if session.verifier is None else Checked(session, self.corpus)
        self.corrections: Corrections | None = None
        if self.checked is not None and check:
            self.corrections = Corrections(self.checked, self.images, settings.seed)
        self._pools = Pools(self.corpus, self.edited, self._is_measured)
        self._chosen: dict[str, Target] = {}
        self._edits: dict[_Place, list[tuple[Candidate, str]]] = {}
        self._keys: dict[_Place, list[str]] = {}
        self._found: dict[tuple[_Place, str], NDArray[np.float64]] = {}
        self._candidates = {node.candidate.id: node.candidate for node in self.corpus.walk()}
        self.groups = frozenset(node.candidate.id for node in self.corpus.walk() if node.children)

    @functools.cached_property
    def targets(self) -> tuple[Target, ...]:
        """What is explained: one, or with ``all`` every class."""
        settings = self._session.settings
        return choose(settings.target, self._originals(self._session.images), settings.classifier, settings.scale)

    @property
    def target(self) -> str:
        """What is explained, as the artifacts call it."""
        return self.targets[0].name if len(self.targets) == 1 else ALL

    def target_of(self, candidate: Candidate) -> Target:
        """The target that a candidate's figures are of; known once it was evaluated."""
        return self.targets[0] if len(self.targets) == 1 else self._chosen[candidate.id]

    def prepare(self) -> None:
        """Find out what is explained before anything is edited, if models may be run or the images are scored, and
        remember it."""
        self.fetcher.originals()
        check_originals(self._session)
        if self._session.images.keys() <= self._session.scores.keys():
            record(self._session.run, "search", self._session.stage_settings, self.target)

    def calibrate(self, limit: Budget) -> None:
        """If the verifier gives no probabilities, find out what its readings mean, from the placebos among the roots
        and before anything else is edited, so that a search that is repeated finds the same. Within a budget, which
        shares out the placebos' edits later, they are taken as they are."""
        if self.checked is None or self._session.verifier is None or self._session.verifier.calibrated:
            return
        placebos = [root.candidate for root in self.corpus.roots if root.placebo and limit.total is None]
        wishes = [(one, self.images) for one in placebos]
        self.fetch(wishes)
        edits = [edit for one, images in wishes for edit in self.edits(one, images)]
        self.look(self.checked.of_edits(edits, {}))
        self._session.calibrate(self.checked.calibration(edits, self.images))
        self._forget()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know of the target before its figures are trusted."""
        session = self._session
        uncalibrated = session.calibration.warning
        return (
            *((uncalibrated,) if uncalibrated else ()),
            *saturation(self.targets, self._originals(session.images), session.settings.scale),
            *unusable(
                session.scores, session.images, ((row.edit, row.candidate, row.image) for row in self.fetcher.edits)
            ),
        )

    def evaluate(self, candidates: Sequence[Candidate]) -> list[NDArray[np.float64]]:
        """The candidates' changes against the reconstruction, of shape (len(images),), NaN where an edit failed."""
        return self._changes([(candidate, self.images) for candidate in candidates])

    def measure(self, requests: Sequence[Request]) -> Mapping[str, NDArray[np.float64]]:
        """The same of candidates of the corpus, on some images each
        (:data:`~diffex_cli.search.algorithm.contest.Measure`)."""
        wishes = [(self._candidates[id], [self.images[index] for index in indices]) for id, indices in requests]
        changes = self._changes(wishes)
        return {candidate.id: values for (candidate, _), values in zip(wishes, changes, strict=True)}

    def _changes(self, wishes: Sequence[EditWish]) -> list[NDArray[np.float64]]:
        self.fetch(wishes)
        record(self._session.run, "search", self._session.stage_settings, self.target)
        for candidate, _ in wishes:
            self._choose(candidate)
        return [self.deltas(candidate, images) for candidate, images in wishes]

    def fetch(self, wishes: Sequence[EditWish]) -> None:
        """Have candidates edited, scored and checked on some images each."""
        self._pools.add(wishes)
        if self.checked is not None:
            self.look(self.checked.of_originals(wishes))
        edits = [edit for one, images in wishes for edit in self.edits(one, images)]
        self.fetcher.fetch([(edited, [image]) for edited, image in edits])
        self._forget()
        if self.checked is not None and self.corrections is not None:
            # the class is asked for where the verifier is at hand, and not waited for
            self.look(self.checked.of_edits(edits, self.classes if self._fill else {}))
            self.corrections.add(edits)

    def look(self, wanted: Mapping[str, Collection[str]]) -> None:
        """Have the verifier read attributes off pictures: the picture's key → attributes."""
        self.fetcher.look(wanted)
        self._forget()

    def _forget(self) -> None:
        """What stands for a candidate may have changed, or what is known of it."""
        for kept in (self._edits, self._keys, self._found):
            kept.clear()

    @functools.cached_property
    def classes(self) -> Mapping[str, str]:
        """Image → its own class, as a verifier is asked about it; known once the originals are scored."""
        return own_classes(self._session.images, self.target)

    def edited(self, candidate: Candidate, image: str) -> Candidate:
        """What is edited on an image for a candidate; the reconstruction if the image is already as it asks."""
        return self._session.stand_ins.candidate(candidate, image)

    def correct(self) -> bool:
        """From now on measure groups by all edits of their members so far, and correct the changes by what the verifier
        saw in them; false if that changes nothing."""
        pooled = self._pools.renew()
        return (self.adjusts and self.corrections is not None and self.corrections.renew()) or pooled

    @property
    def adjusts(self) -> bool:
        """The changes will be corrected."""
        return self.corrections is not None and self._session.settings.effects == "adjusted"

    @functools.cached_property
    def order(self) -> tuple[int, ...]:
        """The one order in which a contest gives the images, stratified by the class predicted on the original."""
        return panel_order(self.images, [row.prediction for row in self._originals(self.images)])

    def deltas(self, candidate: Candidate, images: Sequence[str], target: Target | None = None) -> NDArray[np.float64]:
        """The target (by default the candidate's own) after the edit minus after the reconstruction, for every image;
        NaN where an edit failed or was not asked for."""
        target = self.target_of(candidate) if target is None else target
        deltas, correction = self._asked(candidate, images, target), self._correction(target)
        if self.corrections is None or correction is None:
            return deltas
        return self.corrections.corrected(correction, deltas, self._parts(candidate, images))

    def below(self, group: Node) -> list[tuple[Node, NDArray[np.float64]]]:
        """A group's members, and the changes of each on the images that it was edited on for this group or, once it
        was opened, for itself; nothing of one that is edited with its own words."""
        if group.drawn:
            return []
        if self._pools.pooled(group.candidate):
            children = [self.below(child) or [(child, self._of_all(child))] for child in group.children]
            return [one for some in children for one in some]
        members = [self._session.stand_ins.member(group, image) for image in self.images]
        changes = self._of_all(group)
        return [(one, changes[[member.id == one.id for member in members]]) for one in group.members]

    def _of_all(self, node: Node) -> NDArray[np.float64]:
        return self.deltas(node.candidate, self.images)

    def asked(self, candidate: Candidate, images: Sequence[str]) -> NDArray[np.float64]:
        """The same as it was measured, without any correction."""
        return self._asked(candidate, images, self.target_of(candidate))

    def alone(self, candidate: Candidate, images: Sequence[str]) -> NDArray[np.float64]:
        """The same of the one edit of each image that stands for the candidate."""
        target = self.target_of(candidate)
        return self._values(candidate, images, target) - self._values(RECONSTRUCTION, images, target)

    def interval(self, candidate: Candidate, effect: Effect) -> Estimate:
        """The mean of a candidate's changes on the images of the search, with its 95 % interval."""
        correction = self._correction(self.target_of(candidate))
        if self.corrections is None or correction is None:
            return mean_interval(effect.deltas)
        tried = [image for image, delta in zip(self.images, effect.deltas, strict=True) if not math.isnan(delta)]
        return self.corrections.interval(correction, self.asked(candidate, tried), self._parts(candidate, tried))

    def edits(self, candidate: Candidate, images: Sequence[str]) -> list[tuple[Candidate, str]]:
        """What is edited for a candidate on each of some images."""
        place = candidate.id, tuple(images)
        if place not in self._edits:
            self._edits[place] = [(self.edited(candidate, image), image) for image in images]
        return self._edits[place]

    def _correction(self, target: Target) -> Correction | None:
        if self.corrections is None:
            return None
        return self.corrections.of(target.name, lambda one, images: self._asked(one, images, target))

    def _asked(self, candidate: Candidate, images: Sequence[str], target: Target) -> NDArray[np.float64]:
        before = self._values(RECONSTRUCTION, images, target)
        if not self._pools.pooled(candidate):
            return self._values(candidate, images, target) - before
        shares: dict[str, tuple[Candidate, dict[int, float]]] = {}
        for place, (parts, _) in enumerate(self._parts(candidate, images)):
            for edited, share in parts:
                shares.setdefault(edited.id, (edited, {}))[1][place] = share
        after = np.zeros(len(images))
        for edited, own in shares.values():
            values = self._values(edited, [images[place] for place in own], target)
            after[list(own)] += values * list(own.values())
        return after - before

    def _parts(self, candidate: Candidate, images: Sequence[str]) -> list[tuple[Parts, str]]:
        return [(self._pools.parts(candidate, image), image) for image in images]

    def _is_measured(self, edited: Candidate, image: str) -> bool:
        return self._session.scores.get(self._session.key(image, edited)) is not None

    def effect_original(self, candidate: Candidate, images: Sequence[str], target: Target | None = None) -> float:
        """The mean difference to the untouched originals instead; NaN if no edit succeeded."""
        target = self.target_of(candidate) if target is None else target
        originals = self._originals(images)
        before = target.on_scale(originals, originals, self._session.settings.scale)
        differences = self._asked(candidate, images, target) + self._values(RECONSTRUCTION, images, target) - before
        known = differences[~np.isnan(differences)].tolist()
        # exactly rounded, so that the images' order does not matter
        return math.fsum(known) / len(known) if known else math.nan

    def statistics(self, candidate: Candidate, tried: Sequence[str]) -> CandidateStatistics:
        """All figures of a candidate on the images that it was tried on."""
        target, originals = self.target_of(candidate), self._originals(tried)
        before, after = self._rows(RECONSTRUCTION, tried), self._rows(candidate, tried)
        transitions: list[float] = []
        if originals[0].output_kind == "softmax" and target.against is None and target.column is not None:
            classes = len(originals[0].labels)
            for old, new in zip(logit_blocks(before, classes), logit_blocks(after, classes), strict=True):
                transitions += cout.transitions(old, new, target.column).tolist()
        return candidate_statistics(
            self._before(target, tuple(tried)),
            target.outcomes(after, originals),
            transitions,
            removes=removes(candidate),
            no_ops=[self._is_no_op(edit) for edit in self.keys(candidate, tried)],
        )

    def decisions(self, candidate: Candidate, images: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Whether the target is predicted (1, 0, NaN) on the pictures with the attribute, and on those without."""
        target, originals = self.target_of(candidate), self._originals(images)
        before = self._before(target, tuple(images)).predicted
        after = target.outcomes(self._rows(candidate, images), originals).predicted
        return (before, after) if removes(candidate) else (after, before)

    def failures(self, candidates: Sequence[tuple[Candidate, Sequence[str]]]) -> str | None:
        """Why no image has an effect of any of some candidates, each tried on some images, for people; ``None`` if one
        has."""
        if any(not np.isnan(self.deltas(candidate, images)).all() for candidate, images in candidates):
            return None
        tried = {image for _, images in candidates for image in images}
        before = [self._session.edits[self._session.key(image, RECONSTRUCTION)] for image in tried]
        edits = [self._session.edits[key] for one, images in candidates for key in self.keys(one, images)]
        for rows, what in ((before, "reconstructions"), (edits, "edits")):
            if rows and all(row.status == "failed" for row in rows):
                return f"all {len(rows)} {what} failed, most often because: {tally(rows).failure}"
        made = [row for row in (*before, *edits) if row.edit in self._session.scores.unusable]
        why = tally([*before, *edits]).failure
        if why is None or len(made) > tally([*before, *edits]).failed:
            return f"of every edit, it or its reconstruction has a score that is not finite ({len(made)} pictures)"
        return f"of every edit, it or its reconstruction failed, most often because: {why}"

    @functools.cached_property
    def _before(self) -> Callable[[Target, tuple[str, ...]], Outcomes]:
        """A target's figures on the reconstructions of some images, the same for most candidates."""
        return functools.lru_cache(maxsize=2)(
            lambda target, images: target.outcomes(self._rows(RECONSTRUCTION, images), self._originals(images))
        )

    def _choose(self, candidate: Candidate) -> None:
        """Of several targets, the one that a candidate moves most; of equals the first."""
        if len(self.targets) > 1:
            changes = np.zeros(len(self.targets))
            pairs = zip(self._rows(candidate, self.images), self._rows(RECONSTRUCTION, self.images), strict=True)
            for after, before in pairs:
                if after is not None and before is not None:
                    changes += self._scaled(after) - self._scaled(before)
            self._chosen[candidate.id] = self.targets[int(np.abs(changes).argmax())]

    def _scaled(self, row: ScoreRow) -> NDArray[np.float64]:
        """All classes on a picture, as logits or probabilities; shape (classes,)."""
        if self._session.settings.scale == "logit":
            return row.logits
        shares: NDArray[np.float64] = probabilities(row.logits[None], row.output_kind)[0]
        return shares

    def _is_no_op(self, edit: str) -> bool:
        row: EditRow | None = self._session.edits.get(edit)
        return row is not None and row.status == "no-op"

    def _values(self, candidate: Candidate, images: Sequence[str], target: Target) -> NDArray[np.float64]:
        place = (candidate.id, tuple(images)), target.name
        if place not in self._found:
            rows, originals = self._rows(candidate, images), self._originals(images)
            self._found[place] = target.on_scale(rows, originals, self._session.settings.scale)
        return self._found[place]

    def _rows(self, candidate: Candidate, images: Sequence[str]) -> list[ScoreRow | None]:
        """The scores of an edit of every image; ``None`` where it failed, or its scores are not finite."""
        return [self._session.scores.get(edit) for edit in self.keys(candidate, images)]

    def keys(self, candidate: Candidate, images: Sequence[str]) -> list[str]:
        """The keys of the edits that stand for a candidate on some images."""
        place = candidate.id, tuple(images)
        if place not in self._keys:
            alike: dict[str, tuple[Candidate, list[str]]] = {}
            for edited, image in self.edits(candidate, images):
                alike.setdefault(edited.id, (edited, []))[1].append(image)
            found = {
                image: key
                for edited, own in alike.values()
                for image, key in zip(own, self._session.keys(own, edited), strict=True)
            }
            self._keys[place] = [found[image] for image in images]
        return self._keys[place]

    def _originals(self, images: Sequence[str] | Mapping[str, object]) -> list[ScoreRow]:
        return [self._session.scores[image] for image in images]


def removes(candidate: Candidate) -> bool:
    """The edit takes all of its attributes away, so that the picture before it is the one that has them."""
    return all(term.remove for term in candidate.terms)


def image_parts(session: Session) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys of the images that the search uses, and of those that are held out, both in the table's order.

    Half are held out if the settings say so (``auto``: from 96 images on), and there are two or more. Which ones
    depends on their keys and the seed alone.
    """
    keys = tuple(session.images)
    wanted = session.settings.holdout
    if len(keys) < 2 or wanted == "off" or (wanted == "auto" and not holdout_by_default(len(keys))):
        return keys, ()
    parts = split(keys, seed=session.settings.seed)
    return tuple(keys[i] for i in parts.search), tuple(keys[i] for i in parts.holdout)
