"""What a verifier saw in a search's edits: whether they landed, what else they changed, and what follows for Δ."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diffex_cli.artifacts.rows import MeasuredRow
from diffex_cli.core.hierarchy import Candidate, Corpus, is_within
from diffex_cli.measure.calibration import SEEN, Calibration, calibrate
from diffex_cli.measure.session import EditWish, Session
from diffex_cli.measure.verifying import attributes_of
from diffex_cli.search.statistics.adjusted import Correction, fit
from diffex_cli.search.statistics.flips import Share

Floats = NDArray[np.float64]


class Checked:
    """The readings of a search's pictures.

    A verifier that costs is asked about an edit's own attributes, their siblings, and what is protected alone. Effects
    are corrected by the first two only: what is protected changes no effect, nor does what is known of a sample.

    Args:
        corpus: as it is searched.
    """

    def __init__(self, session: Session, corpus: Corpus) -> None:
        verifier = session.verifier
        assert verifier is not None
        self._session, self.costs = session, verifier.costs
        asked = attributes_of(corpus)
        # a fixed order, so that the hierarchy's has no influence
        self._attributes = {id: column for column, id in enumerate(sorted(one.id for one in asked))}
        protected = session.protected
        self._protected = {id for id in self._attributes if any(is_within(id, one) for one in protected)}
        self._siblings = {one.id: {one.id, *one.siblings} for one in asked}
        self._members = {
            node.candidate.id: [one.id for one in ((node,) if node.drawn else node.members)] for node in corpus.walk()
        }
        self.exclusive = tuple(sorted(tuple(sorted(ids)) for ids in verifier.exclusive(asked)))
        """Ids of attributes of which a picture shows one at most, as the verifier reads them."""
        self._kept: dict[str, tuple[Calibration, int, Floats]] = {}
        self._rivals: dict[str, set[str]] = {}
        for ids in map(set, self.exclusive):
            for id in ids:
                self._rivals.setdefault(id, set()).update(ids - {id})

    @property
    def width(self) -> int:
        """How many attributes are read."""
        return len(self._attributes)

    def of_originals(self, wishes: Sequence[EditWish]) -> dict[str, set[str]]:
        """What has to be read off the originals before these are edited: image → attributes."""
        wanted: dict[str, set[str]] = {}
        for candidate, images in wishes:
            ids = {id for term in candidate.terms for id in self._members.get(term.id, ())} & self._siblings.keys()
            for image in images:
                wanted.setdefault(image, set()).update(ids if self.costs else self._attributes)
        return wanted

    def of_edits(self, edits: Iterable[tuple[Candidate, str]], classes: Mapping[str, str]) -> dict[str, set[str]]:
        """What has to be read off edits and their reconstructions: the picture's key → attributes.

        Args:
            classes: image → its own class, as an attribute.
        """
        wanted: dict[str, set[str]] = {}
        for edited, image in edits:
            ids = self._near(edited) | self._protected if self.costs else self.everything(image, classes)
            for key in {self._session.key(image, one) for one in (edited, Candidate())}:
                wanted.setdefault(key, set()).update(ids)
        return wanted

    def everything(self, image: str, classes: Mapping[str, str]) -> set[str]:
        """All that can be read off an image's edit."""
        return {*self._attributes, *([classes[image]] if image in classes else [])}

    def of_sample(self, edits: Iterable[MeasuredRow], classes: Mapping[str, str]) -> dict[str, set[str]]:
        """What has to be read off a sample of edits and their reconstructions."""
        wanted: dict[str, set[str]] = {}
        for row in edits:
            for key in (row.edit, self._session.key(row.image, Candidate())):
                wanted.setdefault(key, set()).update(self.everything(row.image, classes))
        return wanted

    def changes(self, edited: Candidate, image: str) -> Floats:
        """The changes of the attributes' probabilities, edit minus reconstruction; 0 where one is not known."""
        return self._known(edited, self._read(edited, image) - self._read(Candidate(), image))

    def lacking(self, edited: Candidate, image: str) -> Floats:
        """What the edit should have changed besides, so that nothing but what it was asked for is different.

        An added attribute should be seen, and those that exclude it should not. Of a removed one it is not known what
        should take its place, so that of those nothing is said.
        """
        after = self._read(edited, image)
        ideal = self._read(Candidate(), image)
        for term in edited.terms:
            for rival in self._rivals.get(term.node, ()):
                column = self._attributes.get(rival)
                if column is not None:
                    ideal[column] = after[column] if term.remove else 0.0
        for term in edited.terms:
            column = self._attributes.get(term.node)
            if column is not None:
                ideal[column] = 0.0 if term.remove else 1.0
        return self._known(edited, ideal - after)

    def landed(self, edited: Candidate, image: str) -> bool | None:
        """All that the edit was asked for is seen, and more than noise has changed it; ``None`` if that is not
        known."""
        found = [self._seen(edited, image, term.node) for term in edited.terms]
        if any(math.isnan(seen) for seen in found):
            return None
        before = [self._seen(Candidate(), image, term.node) for term in edited.terms]
        return all(
            (after >= SEEN) != term.remove and self._session.calibration.moved(term.node, earlier, after)
            for term, earlier, after in zip(edited.terms, before, found, strict=True)
        )

    def class_lost(self, edited: Candidate, image: str, classes: Mapping[str, str]) -> bool | None:
        """The image's own class is seen in the reconstruction, and no longer in the edit; ``None`` if it is not seen
        in the reconstruction, or that is not known."""
        before, after = (self._seen(one, image, classes.get(image, "")) for one in (Candidate(), edited))
        if math.isnan(after) or not before >= SEEN:
            return None
        return after < SEEN

    def share_landed(self, edits: Iterable[tuple[Candidate, str]]) -> Share:
        """Of some edits, the share that landed."""
        return _share(self.landed(edited, image) for edited, image in edits)

    def share_class_lost(self, edits: Iterable[tuple[Candidate, str]], classes: Mapping[str, str]) -> Share:
        """Of some edits of images whose own class is seen in the reconstruction, the share of which it is not."""
        return _share(self.class_lost(edited, image, classes) for edited, image in edits)

    def fitted(
        self, edits: Iterable[tuple[Candidate, str, float]], images: Sequence[str], seed: int
    ) -> Correction | None:
        """Regress Δ on what was seen to change.

        Args:
            edits: what was edited on which image, and its Δ; those that are not finite are left out.
            images: those of the fit, in the order of its rows.
        """
        rows = {image: row for row, image in enumerate(images)}
        known = [one for one in edits if math.isfinite(one[2]) and one[1] in rows]
        known.sort(key=lambda one: (rows[one[1]], one[0].id))
        changes = np.array([self.changes(edited, image) for edited, image, _ in known])
        deltas = np.array([delta for _, _, delta in known])
        return fit(changes, deltas, np.array([rows[image] for _, image, _ in known]), len(images), seed)

    def _near(self, edited: Candidate) -> set[str]:
        """What an edit was asked for, and the siblings of that."""
        return {id for term in edited.terms for id in self._siblings.get(term.node, ())}

    def _known(self, edited: Candidate, values: Floats) -> Floats:
        """0 where a value is not known, or is known of a sample of the edits alone."""
        if self.costs:
            near = self._near(edited)
            values = np.where([id in near for id in self._attributes], values, 0.0)
        return np.nan_to_num(values)

    def calibration(self, placebos: Iterable[tuple[Candidate, str]], images: Iterable[str]) -> Calibration:
        """By what was read of these placebo edits and their reconstructions, and of these originals."""
        readings = self._session.readings

        def of(edited: Candidate, image: str) -> Mapping[str, float]:
            return readings.get(self._session.key(image, edited), {})

        pairs = [(of(Candidate(), image), of(edited, image)) for edited, image in placebos]
        pictures = [one for image in images for one in (readings.get(image, {}), of(Candidate(), image))]
        return calibrate(pictures, [(before, after) for before, after in pairs if before and after])

    def _read(self, edited: Candidate, image: str) -> Floats:
        """Of all attributes; asked for in every pass of the search, and so kept until more was read of the picture."""
        key, calibration = self._session.key(image, edited), self._session.calibration
        reading = self._session.readings.get(key, {})
        kept = self._kept.get(key)
        if kept is None or kept[0] is not calibration or kept[1] != len(reading):
            seen = [calibration.probability(id, reading.get(id, math.nan)) for id in self._attributes]
            kept = self._kept[key] = (calibration, len(reading), np.array(seen, dtype=np.float64))
        return kept[2].copy()

    def _seen(self, edited: Candidate, image: str, id: str) -> float:
        reading = self._session.readings.get(self._session.key(image, edited), {})
        return self._session.calibration.probability(id, reading.get(id, math.nan))


def _share(found: Iterable[bool | None]) -> Share:
    known = [one for one in found if one is not None]
    return Share(sum(known) / len(known) if known else math.nan, len(known))
