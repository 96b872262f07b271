"""Which readings people are asked about: as many that the verifier sees as such that it does not."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from diffex_cli.artifacts.rows import EditRow
from diffex_cli.measure.calibration import AS_READ, SEEN, Calibration
from diffex_cli.study.order import shuffled
from diffex_cli.verifiers.base import Readings

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a verifier said of an attribute in a picture: the input image's key or the edit's, a probability, and
    whether that counts as seen."""

    subject: str
    attribute: str
    probability: float
    seen: bool


def drawn(
    readings: Readings,
    images: Iterable[str],
    edits: Iterable[EditRow],
    attributes: Sequence[str],
    wanted: int,
    seed: int,
    calibration: Calibration = AS_READ,
) -> tuple[Reading, ...]:
    """At most so many readings, by lot: those that are seen and those that are not in turn, each of edits and of
    originals in turn, each of all attributes in turn, as far as there are any.

    Of an edit only what it was asked for is taken, on which rests whether it landed.
    """
    known = set(attributes)
    originals = [(image, attribute) for image in images for attribute in attributes]
    asked = [(edit.edit, attribute) for edit in edits for attribute in _asked(edit) if attribute in known]
    kinds = {"original": _read(readings, originals, calibration), "edit": _read(readings, asked, calibration)}
    queues = []
    for seen in (True, False):
        of_kinds = [
            _by_attribute([one for one in kinds[kind] if one.seen == seen], f"{seed}/{kind}/{seen}")
            for kind in ("edit", "original")
        ]
        queues.append(_in_turn(of_kinds))
    return tuple(itertools.islice(_in_turn(queues), wanted))


def _asked(edit: EditRow) -> list[str]:
    return [term.removeprefix("-") for term in edit.candidate.split(" + ") if term]


def _read(readings: Readings, pairs: Iterable[tuple[str, str]], calibration: Calibration) -> list[Reading]:
    found = []
    for subject, attribute in dict.fromkeys(pairs):
        probability = readings.get(subject, {}).get(attribute, math.nan)
        if not math.isnan(probability):
            seen = calibration.probability(attribute, probability) >= SEEN
            found.append(Reading(subject, attribute, probability, seen))
    return found


def _by_attribute(readings: Iterable[Reading], text: str) -> Iterator[Reading]:
    of: dict[str, list[Reading]] = {}
    for one in sorted(readings, key=lambda one: (one.attribute, one.subject)):
        of.setdefault(one.attribute, []).append(one)
    order = shuffled(list(of), text)
    return _in_turn([iter(shuffled(of[attribute], f"{text}/{attribute}")) for attribute in order])


def _in_turn(queues: Iterable[Iterator[T]]) -> Iterator[T]:
    """One of each, again and again, until all are empty."""
    left = list(queues)
    while left:
        going = []
        for queue in left:
            for one in itertools.islice(queue, 1):
                yield one
                going.append(queue)
        left = going
