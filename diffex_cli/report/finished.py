"""A finished run as others read it: what was searched, what was found, image by image. Reads files, nothing else."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Mapping
from pathlib import Path

from diffex_cli.artifacts import results
from diffex_cli.artifacts.finished_search import FinishedSearch, Measured
from diffex_cli.artifacts.keys import corpus_digest, images_digest
from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.measure.calibration import Calibration, of_search
from diffex_cli.measure.targets import Quantity, Value, quantity, values
from diffex_cli.measure.unusable import unusable
from diffex_cli.report.facts import untested
from diffex_cli.search.statistics.claims import claim_of
from diffex_cli.verifiers.attributes import digests_of
from diffex_cli.verifiers.base import Readings


@dataclasses.dataclass(frozen=True, slots=True)
class Measurement:
    """What one search found out about one candidate.

    Attributes:
        effect: signed mean Δ of the target; NaN if unknown.
        untested: where too few of its edits show it to say anything of it, how many do, and what may help; else empty.
        deltas: image key → Δ, finite, of every image whose Δ is known; may be empty.
    """

    candidate: str
    name: str
    effect: float
    low: float
    high: float
    n: int
    matters: bool
    deltas: Mapping[str, float] = dataclasses.field(default_factory=dict)
    untested: str = ""

    @property
    def influence(self) -> float:
        """I = |effect| (Eq. 1); NaN if unknown."""
        return abs(self.effect)


class FinishedRun(FinishedSearch):
    """A run that ``diffex search`` has finished.

    No picture is opened for the measurements, so pictures may be gone. Without the scores of the pictures, or if the
    target is none of the classes that they are of, there are no changes image by image; a warning says so.
    """

    def check_current(self) -> None:
        """Refuse a ranking that was not made from what the run holds now now. Loads no model.

        The hierarchy and the images are compared with the digests in ``search.yaml``, if it has them. What the run's
        settings name by now says nothing about a search that is finished.

        Raises:
            UsageError: something changed after the search; the sentence names it.
        """
        search, changed = self.search, []
        if search.corpus_sha256 is not None and search.corpus_sha256 != corpus_digest(self.corpus):
            changed.append("corpus.yaml changed")
        if search.images_sha256 is not None and search.images_sha256 != images_digest(self.images):
            changed.append("images.parquet changed")
        if changed:
            raise UsageError(
                f"the ranking in {self.result} was not made from what the run holds now ({'; '.join(changed)}): "
                f"run `{self.search_command}` again"
            )

    @property
    def quantity(self) -> Quantity:
        """What an effect is a change of, in a word."""
        return quantity(self.search.scale, self.scores.values())

    @property
    def is_kept(self) -> bool:
        """It is not the last search's result."""
        return self.result != self.path

    @property
    def search_command(self) -> str:
        """What makes this result anew."""
        target = f" --target '{self.search.target}'" if self.is_kept else ""
        return f"diffex search --run {self.path}{target}"

    @functools.cached_property
    def measurements(self) -> Mapping[str, Measurement]:
        """Candidate id → what is known of it, in the ranking's order."""
        return {row.candidate: self._measurement(row) for row in self.ranking}

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences about what had to be left out of the measurements."""
        alone = [one for one in self.measurements.values() if one.n and not one.deltas]
        told = (*self.run.warnings, *self.unusable)
        if not alone:
            return told
        return (
            *told,
            f"{self.result} has no scores that fit {len(alone)} of its {len(self.ranking)} ranked attributes (such as "
            f"{alone[0].candidate!r}): they can only be compared unpaired",
        )

    @functools.cached_property
    def unusable(self) -> tuple[str, ...]:
        """A sentence that names the pictures whose scores are not finite, if there are any."""
        if not self.scores.unusable:
            return ()
        edits = (
            (self.key(image, one), one.id, image)
            for one in (RECONSTRUCTION, *self.candidates.values())
            for image in self.images
        )
        return unusable(self.scores, self.images, edits)

    def outcomes(self, subjects: Mapping[str, str], target: str) -> dict[str, Value | None]:
        """What the classifier says of pictures about a target.

        Args:
            subjects: key of the input image, or of an edit of it → the image's key.
            target: as the artifacts call it.

        Returns:
            subject → ``None`` if the picture is not scored, or the scores do not know the target.
        """
        rows, originals = map(self.scores.get, subjects), map(self.scores.get, subjects.values())
        return dict(zip(subjects, values(list(rows), list(originals), target), strict=True))

    def _measurement(self, row: RankingRow) -> Measurement:
        candidate = self.candidates.get(row.candidate)
        found = {} if candidate is None else self._deltas(candidate, row.target)
        mean = math.fsum(found.values()) / max(row.n, 1)
        if len(found) == row.n and not math.isclose(mean, row.effect, rel_tol=1e-6, abs_tol=self._rounding):
            found = {}  # scored anew since, or in another unit: not what was ranked
        claim = claim_of(row, self.search.delta)
        return Measurement(
            candidate=row.candidate,
            name=row.name,
            effect=row.effect,
            low=row.low,
            high=row.high,
            n=row.n,
            matters=claim == "matters",
            untested=untested(row) if claim == "not tested" else "",
            deltas=found,
        )

    @functools.cached_property
    def readings(self) -> Readings:
        """What the search's verifier saw; empty without one."""
        if self.search.verifier is None:
            return {}
        return self.run.seen(self.search.verifier.fingerprint, digests_of(self.corpus))

    @functools.cached_property
    def calibration(self) -> Calibration:
        """How the search took those."""
        return of_search(self.search)

    @functools.cached_property
    def _rounding(self) -> float:
        """By how much an effect of scores that an earlier version kept in float64 may differ from that of the same in
        float32: a change of a contrast takes four of them."""
        largest = max((float(abs(row.values).max()) for row in self.scores.values()), default=0.0)
        return 1e-9 + 4 * 2.0**-24 * largest

    def _deltas(self, candidate: Candidate, target: str) -> dict[str, float]:
        """Image key → change of the target, where both pictures were scored. A failed edit has no picture."""
        scale = self.search.scale
        rows = {image: self.measured.get((candidate.id, image)) for image in self.searched}
        edited, base = self._of_all(candidate, target), self._of_all(RECONSTRUCTION, target)
        return {
            image: after.on(scale)
            - before.on(scale)
            + (0.0 if (row := rows[image]) is None else row.change - row.asked)
            for image, after, before in zip(self.searched, edited, base, strict=True)
            if after is not None and before is not None
        }

    def _of_all(self, candidate: Candidate, target: str) -> list[Value | None]:
        """What is said of a candidate's edits of all images that were searched."""
        if candidate is RECONSTRUCTION and target in self._reconstructions:
            return self._reconstructions[target]
        subjects = {self.key(image, candidate): image for image in self.searched}
        found = list(self.outcomes(subjects, target).values())
        if candidate is RECONSTRUCTION:
            self._reconstructions[target] = found
        return found

    @functools.cached_property
    def _reconstructions(self) -> dict[str, list[Value | None]]:
        return {}


def read_finished(
    path: Path, current: bool = True, target: str | None = None, measured: Measured | None = None
) -> FinishedRun:
    """A finished run by its folder, with the result of the last search, or with a kept one.

    Args:
        path: the run directory, or the folder of a kept result in it.
        current: refuse one whose inputs changed after the search, :meth:`FinishedRun.check_current`.
        target: whose result, of the last search's classifier; ``None`` for the last search's.
        measured: what the last search has just read and made, instead of reading it again.

    Raises:
        UsageError: there is no such result.
    """
    if not path.is_dir():
        raise UsageError(f"there is no run directory {path}: name one that `diffex search --run` has finished")
    home = results.home_of(path)
    run = FinishedRun(RunDirectory(path) if home is None else RunDirectory(home, path), measured)
    if target is not None and (home is None or run.search.target != target):
        run = FinishedRun(RunDirectory(run.path, results.find_named(run.path, target)))
    if current:
        run.check_current()
    return run
