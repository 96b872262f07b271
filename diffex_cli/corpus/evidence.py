"""What a finished search leaves unexplained, with the pictures: what a language model is shown of it."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from diffex_cli.artifacts.rows import EditRow, ScoreRow
from diffex_cli.core.hierarchy import RECONSTRUCTION
from diffex_cli.corpus.generation.missing import Case
from diffex_cli.language_models.pictures import small
from diffex_cli.measure.targets import PREDICTED
from diffex_cli.report.facts import is_set
from diffex_cli.report.finished import FinishedRun


@dataclasses.dataclass(frozen=True, slots=True)
class Surprise:
    """One image on which an attribute did something else than on the others.

    Attributes:
        change: Δ of the target on this image.
        mean: mean Δ over the other images.
    """

    candidate: str
    image: str
    change: float
    mean: float

    @property
    def residual(self) -> float:
        """Δ beyond the mean of the others."""
        return self.change - self.mean


def surprises(changes: Mapping[str, Mapping[str, float]], least: float, most: int) -> tuple[Surprise, ...]:
    """The largest residuals of an image's Δ against its attribute's mean over the other images.

    Each image comes once, and the attributes take turns: one that varies on every image does not
    crowd out the others.

    Args:
        least: a smaller residual, in absolute value, is none.

    Returns:
        At most ``most``, the largest residual first.
    """
    found = []
    for candidate, by_image in changes.items():
        total, n = sum(by_image.values()), len(by_image)
        if n < 2:
            continue
        for image, change in by_image.items():
            one = Surprise(candidate, image, change, (total - change) / (n - 1))
            if abs(one.residual) >= max(least, 1e-12):
                found.append(one)
    found.sort(key=_largest_first)
    chosen: list[Surprise] = []
    turns: Counter[str] = Counter()
    while len(chosen) < most:
        seen = {one.image for one in chosen}
        left = [one for one in found if one.image not in seen]
        if not left:
            break
        fewest = min(turns[one.candidate] for one in left)
        one = next(one for one in left if turns[one.candidate] == fewest)
        chosen.append(one)
        turns[one.candidate] += 1
    return tuple(sorted(chosen, key=_largest_first))


def _largest_first(one: Surprise) -> tuple[float, str, str]:
    return -abs(one.residual), one.candidate, one.image


SURPRISES = 6
"""How many unexplained changes are shown, at most."""

FLIPS = 3
"""How many decisions that an attribute outside the explanation turns."""

MISTAKES = 4
"""How many images that the classifier gets wrong."""

_STRONGEST = 5


class _Pair(NamedTuple):
    before: EditRow
    after: EditRow


class Evidence:
    """Looks for cases in a finished run.

    Images that the search held out are not looked at: what is proposed because of them could not be tested on them.
    """

    def __init__(self, finished: FinishedRun) -> None:
        self._run = finished
        self._rows = {
            row.candidate: row
            for row in finished.ranking
            if row.candidate in finished.candidates and not row.placebo and not is_set(row)
        }
        self._changes = {id: self._pictured(id) for id in self._rows}
        kept = [id for id, row in self._rows.items() if row.status == "kept"]
        self._explanation = kept or list(self._rows)[:_STRONGEST]

    def cases(self) -> tuple[Case, ...]:
        """The unexplained changes, the largest first; then decisions that flip; then mistakes."""
        found = surprises({id: self._changes[id] for id in self._explanation}, self._run.search.delta, SURPRISES)
        shown = {one.image for one in found}
        pairs = [*(self._case(one) for one in found), *(self._case(one) for one in self._flips(shown))]
        return (*pairs, *self._mistakes())

    def _pictured(self, id: str) -> dict[str, float]:
        """Image key → Δ, of the images whose two pictures are there."""
        deltas: Mapping[str, float] = self._run.measurements[id].deltas
        return {image: change for image, change in deltas.items() if self._pair(image, id) is not None}

    def _pair(self, image: str, id: str) -> _Pair | None:
        before, after = (self._run.edit(image, candidate) for candidate in (RECONSTRUCTION, self._run.candidates[id]))
        if before is None or after is None or before.file is None or after.file is None:
            return None
        return _Pair(before, after)

    def _flips(self, shown: set[str]) -> tuple[Surprise, ...]:
        """Decisions turned by attributes that are no part of the explanation, on images that were not shown yet."""
        turned = []
        for id in self._rows.keys() - set(self._explanation):
            changes = self._changes[id]
            for image, change in changes.items():
                if image not in shown and self._turn(image, id):
                    rest = sum(changes.values()) - change
                    turned.append(Surprise(id, image, change, rest / max(len(changes) - 1, 1)))
        turned.sort(key=lambda one: (-abs(one.change), one.candidate, one.image))
        first = {one.image: one for one in reversed(turned)}
        return tuple(one for one in turned if first[one.image] is one)[:FLIPS]

    def _turn(self, image: str, id: str) -> str:
        """A sentence if the edit changes what is predicted, else nothing."""
        pair = self._pair(image, id)
        rows = [self._run.scores.get(row.edit) for row in pair] if pair else []
        before, after = rows if rows else (None, None)
        if before is None or after is None or before.predicted == after.predicted:
            return ""
        return f" The prediction turned from {_listed(before.predicted)} to {_listed(after.predicted)}."

    def _case(self, one: Surprise) -> Case:
        row, pair = self._rows[one.candidate], self._pair(one.image, one.candidate)
        assert pair is not None
        removed = one.candidate.startswith("-")
        unit = "probability" if self._run.search.scale == "prob" else "score"
        what = "the picture's own class" if row.target == PREDICTED else repr(row.target)
        role = "" if one.candidate in self._explanation else ", which is no part of the explanation,"
        return Case(
            f"{row.name!r}{role} was {'taken away' if removed else 'added'}. That changed the {unit} of {what} by "
            f"{one.change:+.3g}, on the other pictures by {one.mean:+.3g} on average."
            f"{self._turn(one.image, one.candidate)}",
            {
                "before": small(self._run.run.edited_picture(pair.before)),
                "after": small(self._run.run.edited_picture(pair.after)),
            },
        )

    def _mistakes(self) -> Iterator[Case]:
        """Images whose true class is known and not the predicted one, the most certain mistake first. None for a
        classifier that does not predict one class of several."""
        wrong: list[tuple[float, str, ScoreRow, str]] = []
        for key, image in self._run.searched.items():
            row = self._run.scores.get(key)
            if row is None or image.label is None or row.output_kind != "softmax":
                continue  # labels that exclude nothing have no single one to be wrong
            if row.prediction != image.label:
                wrong.append((-row.probability(row.prediction), key, row, image.label))
        for _, key, row, label in sorted(wrong, key=lambda one: one[:2])[:MISTAKES]:
            yield Case(
                f"the classifier takes this for {row.prediction!r}, and it is {label!r}.",
                {"untouched": small(self._run.run.picture(self._run.images[key]))},
            )


def _listed(labels: tuple[str, ...]) -> str:
    return ", ".join(map(repr, labels)) or "nothing"
