"""A run directory: where each artifact lies, and typed reading and writing. No logic."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
from PIL import Image

from diffex_cli.artifacts.corpus_yaml import CorpusDocument, parse_corpus, write_corpus
from diffex_cli.artifacts.files import write_text
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.parts import Parts
from diffex_cli.artifacts.pictures import open_picture, save_picture
from diffex_cli.artifacts.row_rules import equals
from diffex_cli.artifacts.rows import EditRow, InputImage, MeasuredRow, RankingRow, RequestRow, Scores
from diffex_cli.artifacts.run_record import read_run_record, write_run_record
from diffex_cli.artifacts.schemas import EDITS, IMAGES, MEASURED, RANKING, REQUESTS, SEEN
from diffex_cli.artifacts.score_parts import ScoreParts
from diffex_cli.artifacts.search_document import SearchDocument, read_search, write_search
from diffex_cli.artifacts.seen import latest
from diffex_cli.artifacts.tables import REMEDY, TableSchema, make_table, read_table, search_of, write_table
from diffex_cli.artifacts.verified import Claim, VerifiedPictures, fits, named_key
from diffex_cli.artifacts.writers import EditWriter, ScoreWriter, SeenWriter
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.inside import Inside, is_file, own_folders
from diffex_cli.core.left_out import add_source
from diffex_cli.core.output_kinds import OutputKind

_T = TypeVar("_T")


class RunDirectory:
    """The artifacts of one run.

    A file that is not there raises :class:`IncompleteError` naming the stage that makes it; one that is
    torn, foreign or of a newer version raises :class:`UsageError`. Such a *part* of ``edits/``, ``scores/`` or
    ``seen/`` is left out instead, and :attr:`warnings` says so. So does one that is a link, or leads out of the run
    (:mod:`~diffex_cli.core.inside`).

    Args:
        result: the folder of the search's result, by default that of the last search, the run directory itself
            (:mod:`~diffex_cli.artifacts.results`).
        verify: look at every picture, also at those that did not change since they were looked at
            (:mod:`~diffex_cli.artifacts.verified`).
    """

    def __init__(self, path: Path, result: Path | None = None, verify: bool = False) -> None:
        self.path = path
        self.result = path if result is None else result
        own_folders(path)  # complains about those that are links
        self._inside = Inside(path)
        self._verified = VerifiedPictures(path, self._inside, verify)
        self.edit_parts = Parts(path / "edits", EDITS, ["edit"])
        self.score_parts = ScoreParts(path / "scores")
        self.seen_parts = Parts(path / "seen", SEEN, ["subject", "attribute", "verifier"])
        self._warnings: list[str] = []
        add_source(lambda: self.warnings)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What had to be left out so far, each sentence once."""
        found = [*self._warnings, *self.edit_parts.warnings, *self.score_parts.warnings, *self.seen_parts.warnings]
        return tuple(dict.fromkeys(found))

    # run.yaml

    def recorded(self) -> dict[str, Any]:
        """The content of ``run.yaml``; empty if there is none."""
        return read_run_record(self.path / "run.yaml")

    def write_recorded(self, settings: Mapping[str, object], stages: Mapping[str, object]) -> None:
        """Replace ``run.yaml``: the settings given so far, and what each stage used."""
        write_run_record(self.path / "run.yaml", settings, stages)

    # corpus.yaml

    def corpus(self) -> Corpus:
        """The hierarchy."""
        return self.corpus_document().corpus

    def corpus_document(self) -> CorpusDocument:
        """The hierarchy with its provenance."""
        path = self.path / "corpus.yaml"
        try:
            with self._made_by("corpus", path):
                return parse_corpus(path.read_text(encoding="utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read ({error}): {REMEDY}") from error

    def write_corpus(self, corpus: Corpus, provenance: Mapping[str, object]) -> None:
        """Replace the hierarchy."""
        write_text(self.path / "corpus.yaml", write_corpus(corpus, provenance))

    # images.parquet and images/

    def images(self) -> tuple[InputImage, ...]:
        """The input images, in the order of the table."""
        path = self.path / "images.parquet"
        images = self._rows(path, IMAGES, InputImage, "corpus")
        for row, image in enumerate(images, 1):
            if fault := self._inside.fault(image.file):
                raise UsageError(f"{path}, row {row}: the file {image.file!r} {fault}: run `diffex corpus` again")
        return images

    def write_images(self, images: Sequence[InputImage], provenance: Mapping[str, object]) -> None:
        """Replace the table of input images; :meth:`save_input` writes their pictures."""
        self._write_rows(self.path / "images.parquet", IMAGES, images, provenance)

    def save_input(self, picture: Image.Image, source: str, label: str | None) -> InputImage:
        """Write an input image's PNG, unless it is there, and return its row."""
        image = input_row(picture, source, label)
        self._save(Claim(image.file, image.image), picture)
        return image

    def picture(self, image: InputImage) -> Image.Image:
        """An input image's pixels, checked against its key.

        Raises:
            UsageError: the file is missing, broken or another picture.
        """
        path = self.path / image.file
        try:
            if fault := self._inside.fault(image.file):
                raise OSError(fault)
            picture = open_picture(path)
        except OSError as error:
            raise UsageError(f"the input image {path} cannot be read: run `diffex corpus` again") from error
        if image_key(picture) != image.image:
            raise _another_picture(path)
        if picture.size != (image.width, image.height):
            says = f"{image.width}x{image.height} as images.parquet says"
            raise UsageError(
                f"{path} has {picture.width}x{picture.height} pixels, not {says}: run `diffex corpus` again"
            )
        return picture

    def check_inputs(self) -> None:
        """Complain about an input image that is another picture, or of another size, than ``images.parquet`` names. One
        that is gone, or cannot be read, cannot be shown for another.

        Raises:
            UsageError: there is one.
        """
        images = self.images()
        for claim in self._verified.unfit(Claim(one.file, one.image, (one.width, one.height)) for one in images):
            with contextlib.suppress(OSError):
                if not fits(claim, self.path):
                    raise _another_picture(self.path / claim.file)

    # edits/

    def edits(self, editor: str | None = None) -> dict[str, EditRow]:
        """Key → edit, of one editor's fingerprint or of all. An edit whose picture is gone, or is not the one that its
        row names, is left out."""
        table = self.edit_parts.read()
        if editor is not None:
            ours = equals(table["editor"], editor)
            table = table if ours.all() else table.filter(pa.array(ours))
        rows = {row.edit: row for row in _rows_of(table, EditRow)}
        claims = {key: self._claim(row) for key, row in rows.items() if row.status != "failed"}
        unfit = self._verified.unfit(claim for claim in claims.values() if claim is not None)
        broken = {key: rows[key] for key, claim in claims.items() if claim is None or claim in unfit}
        if broken:
            example = next(iter(broken.values())).file or "none"
            self._warnings.append(
                f"the pictures of {len(broken)} edits are missing or broken, or are not those that their rows name "
                f"(such as {example} in {self.path}): they count as not made"
            )
        return {key: row for key, row in rows.items() if key not in broken}

    def edit_writer(self, provenance: Mapping[str, object]) -> EditWriter:
        """A writer of new edits."""
        return EditWriter(self.edit_parts, provenance)

    def save_edited(self, picture: Image.Image) -> str:
        """Write an edited picture under its digest, unless it is there; returns its relative path."""
        digest = image_key(picture)
        file = f"edits/files/{digest[:2]}/{digest[:16]}.png"
        self._save(Claim(file, digest), picture)
        self._verified.wrote(Claim(file, named_key(file), picture.size))
        return file

    def note_saved(self) -> None:
        """Have the next commands know which of the pictures written here need not be looked at."""
        self._verified.note_written()

    def edited_picture(self, row: EditRow) -> Image.Image:
        """An edit's pixels, checked against what its row names.

        Raises:
            UsageError: the file is missing, broken or another picture.
        """
        try:
            claim = self._claim(row)
            if claim is None:
                raise FileNotFoundError("the edit has no picture")
            if fault := self._inside.fault(claim.file):
                raise OSError(f"it {fault}")
            picture = open_picture(self.path / claim.file)
            # a digest takes a fifth of the time of decoding
            if not self._verified.still_right(claim) and not image_key(picture).startswith(claim.key):
                raise OSError("it is not the picture that its name is the digest of")
            return picture
        except OSError as error:
            raise UsageError(
                f"the edited picture {row.file} in {self.path} cannot be read ({error}): {REMEDY}"
            ) from error

    def _claim(self, row: EditRow) -> Claim | None:
        """What a row says of its picture; ``None`` if it names none."""
        return None if row.file is None else Claim(row.file, named_key(row.file), self._sizes.get(row.image))

    @functools.cached_property
    def _sizes(self) -> dict[str, tuple[int, int]]:
        """Those of the input images by key, as far as there are any yet."""
        if not is_file(self.path / "images.parquet"):
            return {}
        return {image.image: (image.width, image.height) for image in self.images()}

    def _save(self, claim: Claim, picture: Image.Image) -> None:
        """Write a picture, unless it is there."""
        with contextlib.suppress(OSError):
            if self._inside.has(claim.file) and fits(claim, self.path):
                return
        save_picture(self.path / claim.file, picture)

    # scores/

    def scores(self, classifier: str) -> Scores:
        """Subject → scores by the classifier with this fingerprint.

        A subject that lacks a class that others have counts as not scored.
        """
        return self.score_parts.read(classifier)

    def score_writer(
        self,
        classifier: str,
        labels: Sequence[str],
        provenance: Mapping[str, object],
        output_kind: OutputKind = "softmax",
    ) -> ScoreWriter:
        """A writer of new scores."""
        return ScoreWriter(self.score_parts, classifier, labels, provenance, output_kind)

    # seen/

    def seen(self, verifier: str, asked: Callable[[str], str | None]) -> dict[str, dict[str, float]]:
        """Subject → attribute → the probability that the verifier with this fingerprint sees it; NaN where it was
        asked and cannot tell.

        Args:
            asked: attribute → the digest of what is asked of it, ``None`` if nothing is; readings of those, or of
                another digest, do not count.
        """
        return latest(self.seen_parts.rows(), verifier, asked)

    def seen_writer(self, verifier: str, asked: Mapping[str, str], provenance: Mapping[str, object]) -> SeenWriter:
        """A writer of new readings."""
        return SeenWriter(self.seen_parts, verifier, asked, provenance)

    # requests.parquet

    def requests(self) -> tuple[RequestRow, ...]:
        """The edits that the last ``search --no-fill`` asked for."""
        return self._rows(self.path / "requests.parquet", REQUESTS, RequestRow, "search --no-fill")

    def write_requests(self, requests: Sequence[RequestRow], provenance: Mapping[str, object]) -> None:
        """Replace the requests."""
        self._write_rows(self.path / "requests.parquet", REQUESTS, requests, provenance)

    # search.yaml and ranking.parquet

    def ranking(self, search: SearchDocument | None = None) -> tuple[RankingRow, ...]:
        """The ranking of a search, by default of that which ``search.yaml`` is of now, strongest first.

        Raises:
            IncompleteError: the two files are of different searches.
        """
        return self._ranked("ranking.parquet", search or self.search())

    def write_ranking(
        self, ranking: Sequence[RankingRow], provenance: Mapping[str, object], search: str | None = None
    ) -> None:
        """Replace the ranking by that of the search with this id."""
        self._write_rows(self.result / "ranking.parquet", RANKING, ranking, provenance, search)

    def ranking_of_all(self, search: SearchDocument | None = None) -> tuple[RankingRow, ...] | None:
        """The ranking for every class, class by class; ``None`` if it was not asked for."""
        if not is_file(self.result / "ranking-all.parquet"):
            return None
        return self._ranked("ranking-all.parquet", search or self.search())

    def write_ranking_of_all(
        self, ranking: Sequence[RankingRow] | None, provenance: Mapping[str, object], search: str | None = None
    ) -> None:
        """Replace the ranking for every class; with ``None`` remove it."""
        if ranking is None:
            (self.result / "ranking-all.parquet").unlink(missing_ok=True)
        else:
            self._write_rows(self.result / "ranking-all.parquet", RANKING, ranking, provenance, search)

    def measured(self, search: SearchDocument | None = None) -> tuple[MeasuredRow, ...]:
        """Every candidate of a search on every image; nothing of one of an earlier version or of another program."""
        search = search or self.search()
        if (search.id is None or "groups" in search.unsaid) and not is_file(self.result / "measured.parquet"):
            return ()
        return self._of_search("measured.parquet", MEASURED, MeasuredRow, search)

    def write_measured(
        self, rows: Sequence[MeasuredRow], provenance: Mapping[str, object], search: str | None = None
    ) -> None:
        """Replace the same by those of the search with this id."""
        self._write_rows(self.result / "measured.parquet", MEASURED, rows, provenance, search)

    def search(self) -> SearchDocument:
        """What was searched, and what came of it."""
        path = self.result / "search.yaml"
        with self._made_by("search", path):
            return read_search(path)

    def write_search(self, document: SearchDocument) -> None:
        """Replace the same."""
        write_search(self.result / "search.yaml", document)

    def _ranked(self, name: str, search: SearchDocument) -> tuple[RankingRow, ...]:
        return self._of_search(name, RANKING, RankingRow, search)

    def _of_search(
        self, name: str, schema: TableSchema, row: Callable[..., _T], search: SearchDocument
    ) -> tuple[_T, ...]:
        """The rows of a table that a search wrote."""
        path = self.result / name
        with self._made_by("search", path):
            table = read_table(path, schema)
        if search_of(table) != search.id:
            again = f"diffex search --run {self.path} --target '{search.target}'"
            raise IncompleteError(f"search.yaml and {name} in {self.result} are of different searches: run `{again}`")
        return _rows_of(table, row)

    def _rows(self, path: Path, schema: TableSchema, row: Callable[..., _T], stage: str) -> tuple[_T, ...]:
        with self._made_by(stage, path):
            return _rows_of(read_table(path, schema), row)

    def _write_rows(
        self,
        path: Path,
        schema: TableSchema,
        rows: Sequence[Any],
        provenance: Mapping[str, object],
        search: str | None = None,
    ) -> None:
        table = make_table(schema, [dataclasses.asdict(row) for row in rows])
        write_table(path, schema, table, provenance, search)

    @contextmanager
    def _made_by(self, stage: str, path: Path) -> Iterator[None]:
        try:
            is_file(path)  # complains about a link, a FIFO, a folder
            yield
        except FileNotFoundError:
            raise IncompleteError(f"there is no {path}: run `diffex {stage}` first") from None


def _another_picture(path: Path) -> UsageError:
    return UsageError(f"{path} is not the picture that images.parquet names: run `diffex corpus` again")


def input_row(picture: Image.Image, source: str, label: str | None) -> InputImage:
    """An input image's row."""
    key = image_key(picture)
    return InputImage(key, f"images/{key[:16]}.png", source, picture.width, picture.height, label)


def _rows_of(table: pa.Table, row: Callable[..., _T]) -> tuple[_T, ...]:
    """By columns, which takes half as long as a dictionary a row."""
    names = [field.name for field in dataclasses.fields(row)]  # type: ignore[arg-type]
    return tuple(map(row, *(table[name].to_pylist() for name in names)))
