"""A verifier is tested before it is used: does it tell an original from a plain picture, and sense from nonsense?

It is shown a few originals, plain black and plain white pictures of their sizes, and asked about a few attributes, and
of the originals about words that mean nothing. What it reads off the originals is kept like all readings.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Collection, Mapping, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.artifacts.verifier_test import VerifierTest, file_of_test, read_test, write_test
from diffex_cli.core.errors import DiffexError, UsageError, one_line
from diffex_cli.core.progress import Progress
from diffex_cli.measure.calibration import SEEN
from diffex_cli.measure.session import Session
from diffex_cli.measure.verifying import attributes_of, make_readings, missing_readings
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import OpenedVerifier

T = TypeVar("T")

ORIGINALS = 4
ATTRIBUTES, ATTRIBUTES_THAT_COST = 32, 8
"""Each spread over the hierarchy."""
NONSENSE = ("a blorvex quandle", "snorfing trimbaloo", "wuggled fenterpatch")
"""Words of no language."""
SAME = 1e-3
"""Readings that differ by no more are the same: a verifier that sees anything differs by more unless it is sure."""
_PLAIN = ("black", "white")
"""One of both may show an attribute such as a dark background."""


def check_verifier(session: Session, wanted: Mapping[str, Collection[str]], progress: Progress, stage: str) -> None:
    """Before a verifier's first readings of a run: test it, unless it was tested in this run before. Nothing without a
    verifier, or if nothing is missing of what is wanted.

    Raises:
        UsageError: it failed, and ``any_verifier`` does not say to go on.
    """
    verifier = session.verifier
    if verifier is None or session.tested or not missing_readings(session, wanted):
        return
    run, fingerprint = session.run.path, verifier.fingerprint
    test = read_test(run, fingerprint)
    if test is None and (test := _test(session, verifier, progress, stage)) is not None:
        write_test(run, test)
        if test.verdict == "undecided":
            progress.note(f"the test of {verifier.who} could not be decided: {test.told}")
    session.tested = True
    if test is None or test.verdict != "failed":
        return
    told = f"{verifier.who} failed its test: {test.told}"
    if not session.settings.any_verifier:
        session.proved.discard("verifier")
        raise UsageError(
            f"{told}: name another verifier, go on with --any-verifier, or, if it was mended, remove "
            f"{file_of_test(run, fingerprint)}"
        )
    progress.note(told)


def _test(session: Session, verifier: OpenedVerifier, progress: Progress, stage: str) -> VerifierTest | None:
    """``None`` if there are no originals that can be read."""
    images = _readable(session, _spread(sorted(session.images), ORIGINALS))
    if not images:
        return None
    attributes = _spread(attributes_of(session.searched), ATTRIBUTES_THAT_COST if verifier.costs else ATTRIBUTES)
    make_readings(session, {image: [one.id for one in attributes] for image in images}, progress, stage)
    originals = np.array([[session.readings[image][one.id] for one in attributes] for image in images])
    sizes = {image: (session.images[image].width, session.images[image].height) for image in images}
    plain = _off_plain(session, verifier, set(sizes.values()), attributes)
    same = np.all([_same(originals[row], plain[sizes[image]]) for row, image in enumerate(images)], axis=0)
    readings = np.concatenate([originals, *plain.values()])
    known = np.isfinite(readings)
    nonsense, problem = _nonsense(session, verifier, [Sight(session.pictures[image]) for image in images])
    return VerifierTest(
        verifier=Backend(session.settings.verifier, verifier.fingerprint),
        originals=len(images),
        compared=int(known.any(axis=0).sum()),
        differing=int((~same).sum()),
        highest=float(readings[known].max()) if known.any() else None,
        seen=int((originals >= SEEN).any(axis=0).sum()),
        nonsense=NONSENSE,
        nonsense_read=int(np.isfinite(nonsense).sum()),
        nonsense_seen=int((nonsense >= _least(verifier, originals)[:, None]).sum()),
        problem=problem,
        provenance=provenance(stage, {"verifier": session.settings.verifier}),
    )


def _least(verifier: OpenedVerifier, originals: NDArray[np.float64]) -> NDArray[np.float64]:
    """From which reading on an original shows nonsense, shape (originals,): of readings that are no probabilities, the
    highest of any attribute there."""
    if verifier.calibrated or not originals.shape[1]:
        return np.full(len(originals), SEEN)
    return np.asarray(np.nan_to_num(originals, nan=0.0).max(axis=1))


def _off_plain(
    session: Session, verifier: OpenedVerifier, sizes: Collection[tuple[int, int]], attributes: Sequence[Attribute]
) -> dict[tuple[int, int], NDArray[np.float64]]:
    """Size → what is read off the plain pictures of that size, shape (colours, attributes)."""
    return {
        size: _seen(session, verifier, [Sight(Image.new("RGB", size, colour)) for colour in _PLAIN], attributes)
        for size in sorted(sizes)
    }


def _same(original: NDArray[np.float64], plain: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which attributes an original shows as both plain pictures do, shape (attributes,). That it cannot tell is a
    reading of its own."""
    close = np.abs(plain - original) <= SAME
    return np.asarray((close | (np.isnan(plain) & np.isnan(original))).all(axis=0))


def _seen(
    session: Session, verifier: OpenedVerifier, sights: Sequence[Sight], attributes: Sequence[Attribute]
) -> NDArray[np.float64]:
    """As of the verifier; within the limit on what one that is paid may cost."""
    if session.purse is None:
        return verifier.seen(sights, attributes)
    found = np.full((len(sights), len(attributes)), math.nan)
    try:
        session.purse.ask(sights, attributes, lambda row, column, seen: found.__setitem__((row, column), seen))
    finally:
        session.purse.save()
    return found


def _readable(session: Session, images: Sequence[str]) -> list[str]:
    """Those whose pictures can be read; of the others everybody reads nothing."""
    found = []
    for image in images:
        with contextlib.suppress(UsageError):  # it is told of where all pictures are read
            session.pictures[image]
            found.append(image)
    return found


def _nonsense(session: Session, verifier: OpenedVerifier, sights: Sequence[Sight]) -> tuple[NDArray[np.float64], str]:
    """Readings of words that mean nothing off originals, shape (pictures, words); and why there are none: a verifier
    may refuse words that it does not know."""
    attributes = [Attribute(f"nonsense-{number}", words, words) for number, words in enumerate(NONSENSE, 1)]
    try:
        return _seen(session, verifier, sights, attributes), ""
    except UsageError:
        raise
    except DiffexError as error:
        return np.full((len(sights), len(NONSENSE)), math.nan), one_line(error)


def _spread(things: Sequence[T], most: int) -> list[T]:
    """At most so many, evenly spaced."""
    count = min(most, len(things))
    return [things[place * len(things) // count] for place in range(count)]
