"""A run of the small pipeline whose pictures were looked at, and people who answer its review."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pipeline import SILENT, make_corpus

from diffex_cli.artifacts.review import Review, Reviewed, read_review
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit
from diffex_cli.measure.session import Backends, Session
from diffex_cli.measure.verifying import attributes_of, make_readings
from diffex_cli.verifiers.base import Attribute, Sight

FINGERPRINT = "eyes"


class Eyes:
    """See what a number that picture and words make says."""

    fingerprint, costs = FINGERPRINT, False

    def exclusive(self, attributes: Sequence[Attribute]) -> tuple[frozenset[str], ...]:
        return ()

    def seen(self, sights: Sequence[Sight], attributes: Sequence[Attribute]) -> Any:
        first = np.array([[sum(sight.picture.getpixel((3, 3))) for _ in attributes] for sight in sights])  # type: ignore[arg-type]
        return 0.05 + 0.9 * ((first + [len(one.prompt) for one in attributes]) % 2)


def looked_at(root: Path) -> Settings:
    """Settings of a run with edits and readings."""
    made = make_corpus(root)
    edit.run(made, SILENT)
    session = Session(made, backends())
    everything = [one.id for one in attributes_of(session.corpus)]
    make_readings(session, dict.fromkeys((*session.images, *session.edits), everything), SILENT, "verify")
    return made


def backends() -> Backends:
    return Backends(verifier=Eyes())


def review_of(made: Settings) -> Review:
    found = read_review(made.run, FINGERPRINT)
    assert found is not None
    return found


def answers(made: Settings, answer: Callable[[Reviewed], str | None], person: str = "ann", **changes: Any) -> Path:
    """The file that a person saved; of items without an answer there is none."""
    review = review_of(made)
    given = {item.id: {"seen": said, "seconds": 1.0} for item in review.items if (said := answer(item)) is not None}
    content = {
        "schema": "diffex.answers/1",
        "study": review.id,
        "kind": "review",
        "participant": person,
        "rater": {"kind": "person"},
        "complete": len(given) == len(review.items),
        "answers": given,
        **changes,
    }
    file = made.run.parent / f"{person}.json"
    file.write_text(json.dumps(content))
    return file


def agreeing(item: Reviewed) -> str:
    return "yes" if item.seen else "no"
