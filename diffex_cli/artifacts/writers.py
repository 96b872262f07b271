"""Collecting rows and writing them as parts, often enough that a killed process loses little."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diffex_cli.artifacts.parts import Parts
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.artifacts.schemas import EDITS
from diffex_cli.artifacts.score_files import single, table_of
from diffex_cli.artifacts.score_parts import ScoreParts
from diffex_cli.artifacts.seen import table_of as readings_table
from diffex_cli.artifacts.tables import make_table
from diffex_cli.core.output_kinds import OutputKind

MANY_PARTS = 64
"""Merge when there are more: a resumed stage has to open them all."""


class EditWriter:
    """Writes edits as they come.

    A part is written after 16 edits, after a second's worth of work, or after five seconds, whichever
    comes first: writing takes a few milliseconds, so a slow editor loses no finished edit to a kill.
    """

    rows_a_part = 16
    work_a_part = 1.0
    wait_a_part = 5.0

    def __init__(self, parts: Parts, provenance: Mapping[str, object]) -> None:
        self._parts = parts
        self._provenance = provenance
        self._rows: list[EditRow] = []
        self._since = time.monotonic()

    def append(self, row: EditRow) -> None:
        """Take one row; write a part if it is time."""
        self._rows.append(row)
        due = (
            len(self._rows) >= self.rows_a_part
            or sum(row.seconds for row in self._rows) >= self.work_a_part
            or time.monotonic() - self._since >= self.wait_a_part
        )
        if due:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected; nothing if there is nothing."""
        if self._rows:
            self._parts.write(make_table(EDITS, [dataclasses.asdict(row) for row in self._rows]), self._provenance)
            _merge_many(self._parts, self._provenance)
            self._rows = []
        self._since = time.monotonic()


class ScoreWriter:
    """Writes scores as they come, a part every five seconds.

    Args:
        classifier: fingerprint of the classifier.
    """

    wait_a_part = 5.0

    def __init__(
        self,
        parts: ScoreParts,
        classifier: str,
        labels: Sequence[str],
        provenance: Mapping[str, object],
        output_kind: OutputKind = "softmax",
    ) -> None:
        self._parts = parts
        self._classifier = classifier
        self._labels = tuple(labels)
        self._provenance = provenance
        self._output_kind = output_kind
        self._tables: list[pa.Table] = []
        self._since = time.monotonic()

    def append(self, subjects: Sequence[str], kinds: Sequence[str], logits: NDArray[np.floating]) -> None:
        """Take the scores of some pictures; write a part if it is time.

        Args:
            subjects: keys of input images or edits.
            kinds: ``"original"`` or ``"edit"`` for each.
            logits: shape (len(subjects), len(labels)); if float32, they are not copied.
        """
        self._tables.append(table_of(self._classifier, self._output_kind, subjects, kinds, single(logits)))
        if time.monotonic() - self._since >= self.wait_a_part:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected; nothing if there is nothing."""
        if self._tables:
            self._parts.write(self._labels, self._tables, self._provenance)
            _merge_many(self._parts, self._provenance)
            self._tables = []
        self._since = time.monotonic()


class SeenWriter:
    """Writes what a verifier sees as it comes, a part every five seconds.

    Args:
        verifier: fingerprint of the verifier.
        asked: attribute → the digest of what is asked of it.
    """

    wait_a_part = 5.0

    def __init__(self, parts: Parts, verifier: str, asked: Mapping[str, str], provenance: Mapping[str, object]) -> None:
        self._parts = parts
        self._verifier = verifier
        self._asked = dict(asked)
        self._provenance = provenance
        self._tables: list[pa.Table] = []
        self._since = time.monotonic()

    def append(
        self,
        subjects: Sequence[str],
        attributes: Sequence[str],
        probabilities: NDArray[np.float32],
        reasons: Sequence[str | None],
    ) -> None:
        """Take the readings of some pictures; write a part if it is time.

        Args:
            subjects: keys of input images or edits.
            probabilities: shape (len(subjects), len(attributes)).
            reasons: of each picture, why nothing is known of it.
        """
        made = readings_table(subjects, attributes, self._verifier, probabilities, self._asked, reasons)
        self._tables.append(made)
        if time.monotonic() - self._since >= self.wait_a_part:
            self.flush()

    def flush(self) -> None:
        """Write what has been collected; nothing if there is nothing."""
        if self._tables:
            self._parts.write(pa.concat_tables(self._tables).unify_dictionaries(), self._provenance)
            _merge_many(self._parts, self._provenance)
            self._tables = []
        self._since = time.monotonic()


def _merge_many(parts: Parts | ScoreParts, provenance: Mapping[str, object]) -> None:
    if len(parts) > MANY_PARTS:
        parts.merge(provenance)
