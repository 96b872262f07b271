"""A review of a verifier, by what its readings mean to a search: people's answers hold wherever the threshold lies."""

from __future__ import annotations

import dataclasses

from diffex_cli.artifacts.review import Review
from diffex_cli.measure.calibration import SEEN, Calibration


def as_taken(review: Review, calibration: Calibration) -> Review:
    """The same review, with what counts as seen by this calibration."""
    items = (
        dataclasses.replace(one, seen=calibration.probability(one.attribute, one.probability) >= SEEN)
        for one in review.items
    )
    return dataclasses.replace(review, items=tuple(items))
