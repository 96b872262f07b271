"""``seen/<digest>.test.yaml``: what the test of a verifier found, before it was used."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeAlias

from diffex_cli.artifacts.documents import read_document, write_document
from diffex_cli.artifacts.keys import digest
from diffex_cli.artifacts.records import read_record
from diffex_cli.artifacts.search_document import Backend
from diffex_cli.artifacts.tables import REMEDY
from diffex_cli.core.errors import UsageError

TEST_SCHEMA = "diffex.verifier-test/1"

Verdict: TypeAlias = Literal["passed", "failed", "undecided"]

NEVER = 0.05
"""A verifier that reads no more than this off any picture says no to everything, which can be true."""
FEWEST = 2
"""A single attribute may look the same in all pictures, the plain ones too."""


@dataclasses.dataclass(frozen=True, slots=True)
class VerifierTest:
    """What a verifier said of a few originals, of plain pictures, and of words that mean nothing.

    Attributes:
        originals: how many it was shown.
        compared: attributes that it read off an original or a plain picture.
        differing: those of them that it reads otherwise off an original than off a plain picture of its size.
        seen: attributes that it sees in an original at least.
        nonsense: the words.
        nonsense_read: readings of them off originals; where it cannot tell there is none.
        nonsense_seen: those of them in which they are seen.
        highest: the largest reading of an attribute, off originals and plain pictures; ``None`` if there are none.
        problem: why it could not be asked of them; empty if it could.
    """

    verifier: Backend
    originals: int
    compared: int
    differing: int
    seen: int
    nonsense: tuple[str, ...]
    nonsense_read: int
    nonsense_seen: int
    highest: float | None = None
    problem: str = ""
    provenance: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def sight(self) -> Verdict:
        """It tells an original from a plain picture."""
        if self.differing:
            return "passed"
        says_no = self.highest is None or self.highest <= NEVER
        return "undecided" if says_no or self.compared < FEWEST else "failed"

    @property
    def sense(self) -> Verdict:
        """It tells a right question from one that means nothing."""
        if 2 * self.nonsense_seen > self.nonsense_read:
            return "failed"
        return "passed" if self.seen else "undecided"

    @property
    def verdict(self) -> Verdict:
        """``failed`` if one of both is, ``passed`` if both are."""
        verdicts = {self.sight, self.sense}
        return next((one for one in ("failed", "undecided") if one in verdicts), "passed")

    @property
    def told(self) -> str:
        """Why it failed, or what the test could not tell, as the end of a sentence about it; empty if it passed."""
        return ", and ".join(self._told(self.verdict))

    def _told(self, verdict: Verdict) -> Iterator[str]:
        originals, attributes = _counted(self.originals, "original"), _counted(self.compared, "attribute")
        if self.sight == verdict == "failed":
            yield f"it reads {attributes} off {originals} as off plain black and white pictures"
        if self.sense == verdict == "failed":
            words = ", ".join(f"‘{one}’" for one in self.nonsense)
            of = _counted(self.nonsense_read, "reading")
            yield f"it sees words that mean nothing ({words}) in {self.nonsense_seen} of {of} of originals"
        if verdict == "undecided" and self.compared == 0:
            yield f"it cannot tell any attribute in {originals}"
        elif verdict == "undecided" and self.seen == 0:
            yield f"it sees none of {attributes} in {originals}"
        elif verdict == "undecided":
            yield f"{attributes} alone cannot tell whether it sees anything"


def file_of_test(run: Path, fingerprint: str) -> Path:
    """Where the test of the verifier with this fingerprint is kept."""
    return run / "seen" / f"{digest(fingerprint)[:16]}.test.yaml"


def write_test(run: Path, test: VerifierTest) -> None:
    """Keep a test."""
    write_document(file_of_test(run, test.verifier.fingerprint), TEST_SCHEMA, dataclasses.asdict(test))


def read_test(run: Path, fingerprint: str) -> VerifierTest | None:
    """The test of a verifier; ``None`` if it was not tested here.

    Raises:
        UsageError: the file is none, or contradicts itself.
    """
    path = file_of_test(run, fingerprint)
    try:
        test = read_record(VerifierTest, read_document(path, TEST_SCHEMA))
        _check(test, fingerprint)
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise UsageError(f"{path} lacks or garbles a key ({error}): {REMEDY}") from error
    return test


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _check(test: VerifierTest, fingerprint: str) -> None:
    if test.verifier.fingerprint != fingerprint:
        raise ValueError("verifier.fingerprint: that of the file's name is expected")
    if test.highest is not None and not (0 <= test.highest <= 1 and math.isfinite(test.highest)):
        raise ValueError(f"highest: a number from 0 to 1 is expected, not {test.highest:.6g}")
    parts = (("differing", "compared"), ("seen", "compared"), ("nonsense_seen", "nonsense_read"))
    for part, whole in parts:
        if getattr(test, part) > getattr(test, whole):
            raise ValueError(f"{part}: no more than {whole}, {getattr(test, whole)}, is expected")
    if (test.highest is None) != (test.compared == 0):
        raise ValueError("highest: a number is expected where attributes were compared, and only there")
