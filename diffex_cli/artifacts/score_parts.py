"""The table ``scores/``: parts of several classifiers, with the classes of each, read and merged as a stream."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diffex_cli.artifacts.parts import new_path, origins, paths_in, while_others_merge
from diffex_cli.artifacts.rows import ScoreRow, Scores
from diffex_cli.artifacts.score_files import Piece, classifiers_of, keys_of, labels_of, read_part, rows_of, write_part
from diffex_cli.artifacts.tables import REMEDY
from diffex_cli.core.errors import UsageError
from diffex_cli.core.output_kinds import OUTPUT_KINDS, OutputKind

_MERGED = "-merged"

Labels = tuple[str, ...]


class ScoreParts:
    """The parts of ``scores/``.

    Of what they say of the same picture, classifier and class the last counts, in the order of the files' names and of
    the rows in them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.warnings: list[str] = []
        """A sentence for each part that the last reading had to leave out."""

    def read(self, classifier: str) -> Scores:
        """What the classifier with this fingerprint said. A part that cannot be read is left out, with a warning.

        A picture that lacks a class that others have counts as not scored.
        """
        return while_others_merge(lambda: self._read(classifier))

    def labels(self, classifier: str) -> set[Labels]:
        """The names of the classes in every part that has scores of a classifier and tells their order."""
        found = set()
        for path in paths_in(self._folder):
            with contextlib.suppress(UsageError, FileNotFoundError):  # a torn one is passed over, with a warning
                names = labels_of(path)
                if names is not None and classifier in classifiers_of(path):
                    found.add(names)
        return found

    def write(self, labels: Sequence[str], tables: Iterable[pa.Table], provenance: Mapping[str, object]) -> None:
        """Add a part of rows of these classes."""
        write_part(new_path(self._folder), labels, tables, provenance)

    def merge(self, provenance: Mapping[str, object]) -> None:
        """Make one part of all of the same classes. Those that cannot be read, and those in the long form, stay as they
        are.

        A merged part is written before the old ones go, so that no moment is without a row.
        """
        for group in self._groups():
            self._merge(group, provenance)

    def __len__(self) -> int:
        """How many parts there are."""
        return len(paths_in(self._folder))

    def _read(self, classifier: str) -> Scores:
        self.warnings = []
        said: dict[str, list[Piece]] = {}
        known: dict[Labels, None] = {}
        kind: str | None = None
        for path in paths_in(self._folder):
            try:
                part = read_part(path, classifier)
            except UsageError as error:
                self.warnings.append(f"left out: {error}")
                continue
            for subject, piece in part.pieces.items():
                known[piece.labels] = None
                older = said.get(subject, [])
                covered = piece.present is None and all(one.labels == piece.labels for one in older)
                said[subject] = [piece] if covered else [*older, piece]
            kind = part.output_kind or kind
        labels = tuple(dict.fromkeys(label for some in known for label in some))
        return _joined(said, labels, self._output_kind(kind))

    def _output_kind(self, said: str | None) -> OutputKind:
        """What one classifier's logits are logits of: the last row that says so counts for all; softmax if none."""
        for kind in OUTPUT_KINDS:
            if said in (None, kind):
                return kind
        raise UsageError(
            f"the scores in {self._folder} have the output_kind {said!r}, which must be one of "
            f"{', '.join(OUTPUT_KINDS)}: {REMEDY}"
        )

    def _groups(self) -> list[list[Path]]:
        """Parts of the same classes, between which none has other classes for the same classifier, so that their place
        among the others stays the same."""
        done: list[list[Path]] = []
        open_: dict[Labels, list[Path]] = {}
        owners: dict[Labels, set[str]] = {}
        for path in paths_in(self._folder):
            try:
                labels, classifiers = labels_of(path), classifiers_of(path)
            except UsageError:
                continue
            for other in [other for other in open_ if other != labels and owners[other] & classifiers]:
                done.append(open_.pop(other))
            if labels is not None:
                open_.setdefault(labels, []).append(path)
                owners[labels] = owners.get(labels, set()) | classifiers
        return [group for group in [*done, *open_.values()] if len(group) > 1]

    def _merge(self, paths: list[Path], provenance: Mapping[str, object]) -> None:
        last = paths[-1]
        # just before the last, whose rows go first until it is gone
        merged = last.with_name(f"{last.stem.removesuffix(_MERGED)}{_MERGED}.parquet")
        while len(paths) > 1:
            about = {**provenance, "merged": origins(paths)}
            stream = _Stream(paths)
            try:
                write_part(merged, labels_of(paths[0]) or (), stream, about)
            except UsageError:  # its pages turned out to be torn
                paths = [path for path in paths if path != stream.current]
                continue
            for path in paths:
                if path != merged:
                    path.unlink()
            return


class _Stream:
    """The rows of some parts, of each picture and classifier the last, a few at a time.

    Attributes:
        current: the part that is being read.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.current = paths[0]

    def __iter__(self) -> Iterator[pa.Table]:
        for path, wanted in self._last_rows().items():
            self.current = path
            yield from rows_of(path, wanted)

    def _last_rows(self) -> dict[Path, NDArray[np.bool_]]:
        places: dict[tuple[str, str], tuple[Path, int]] = {}
        wanted: dict[Path, NDArray[np.bool_]] = {}
        for path in self._paths:
            self.current = path
            keys = keys_of(path)
            wanted[path] = np.zeros(len(keys), bool)
            places.update({key: (path, row) for row, key in enumerate(keys)})
        for path, row in places.values():
            wanted[path][row] = True
        return wanted


def _joined(said: dict[str, list[Piece]], labels: Labels, kind: OutputKind) -> Scores:
    """The pictures that have all classes; takes the pieces out of the mapping, so that they are not held twice."""
    found = Scores()
    columns = {label: column for column, label in enumerate(labels)}
    for subject in list(said):
        pieces = said.pop(subject)
        if len(pieces) == 1 and pieces[0].present is None and pieces[0].labels == labels:
            values = pieces[0].values
        else:
            values, present = np.full(len(labels), np.nan, np.float32), np.zeros(len(labels), bool)
            for piece in pieces:
                places = np.array([columns[label] for label in piece.labels])
                has = slice(None) if piece.present is None else piece.present
                values[places[has]] = piece.values[has]
                present[places[has]] = True
            if not present.all():
                continue
        found.add(ScoreRow(subject, pieces[-1].kind, labels, values, kind))
    return found
