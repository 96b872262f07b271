"""The results of a run directory: the last search's at its top, those for other targets below ``results/``.

A result is ``search.yaml``, ``ranking.parquet``, ``measured.parquet``, perhaps ``ranking-all.parquet`` and
``report/``, in one folder. There is one for each target and classifier. ``search.yaml`` is the last file that is
written and the first that is removed, so a result whose ``search.yaml`` is there is whole, whenever its writer was
killed. All name one search by its id, so that what somebody copied together is not taken for a result. Who writes holds
the run's lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.rows import MeasuredRow, RankingRow
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.search_document import SearchDocument, read_search
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.core.hierarchy import slug
from diffex_cli.core.inside import is_file, own_folders

_FOLDER = "results"
_LAST = "search.yaml"
_FILES = ("measured.parquet", "ranking.parquet", "ranking-all.parquet", _LAST)
_REPORT = "report"
_NAME_LENGTH = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """Where a result lies and what it is of; of these there is only one."""

    folder: Path
    target: str
    classifier: str

    def is_of(self, target: str | None, classifier: str | None) -> bool:
        """It is of that target and classifier, each if it is named."""
        return target in (None, self.target) and classifier in (None, self.classifier)


def results(run: Path) -> tuple[Result, ...]:
    """All results of a run directory, the last search's first, the others by their folders' names.

    Raises:
        UsageError: the last search's cannot be read. One of the others that cannot is left out.
    """
    there = [_result(run)] if is_file(run / _LAST) else []
    # a kill may have left a copy of the last search's
    there += [one for one in _kept(run) if not any(one.is_of(last.target, last.classifier) for last in there)]
    return tuple(there)


def has_results(run: Path) -> bool:
    """Whether any search of a run directory was finished."""
    return any(is_file(folder / _LAST) for folder in (run, *_kept_folders(run)))


def find(run: Path, target: str | None = None, classifier: str | None = None) -> Path:
    """The folder of a result: the last search's if it is what was asked for, else the one that is.

    Args:
        target: as the artifacts call it; ``None`` for any, as of the classifier.

    Raises:
        UsageError: there are others, or several that fit; the sentence names them.
    """
    there = () if target is None and classifier is None else results(run)
    fitting = [one for one in there if one.is_of(target, classifier)]
    if not there or (fitting and fitting[0].folder == run):
        return run  # what is missing there is told by who reads it
    if len(fitting) == 1:
        return fitting[0].folder
    asked = "" if target is None else f" for {target!r}"
    others = listed(fitting or there, classifier)
    if fitting:
        raise UsageError(f"there are several results{asked} in {run} ({others}): name the --target, or its folder")
    by = "" if classifier is None or {one.classifier for one in there} == {classifier} else f" by {classifier}"
    verb = "is" if len(there) == 1 else "are"
    command = f"diffex search --run {run}" + ("" if target is None else f" --target '{target}'")
    raise UsageError(f"no result{asked}{by} in {run}: there {verb} {others} (`{command}` makes one)")


def find_named(run: Path, target: str | None, classifier: str | None = None) -> Path:
    """:func:`find`; of a target alone, the result of the last search's classifier."""
    if target is not None and classifier is None and (run / _LAST).exists():
        classifier = _result(run).classifier
    return find(run, target, classifier)


def listed(there: Sequence[Result], classifier: str | None = None) -> str:
    """Results by their targets, and by their classifiers where these are not the one that goes without saying."""
    usual = classifier or there[0].classifier
    return ", ".join(one.target + ("" if one.classifier == usual else f" (by {one.classifier})") for one in there)


def home_of(folder: Path) -> Path | None:
    """The run directory of a folder that holds a kept result; ``None`` if it is no such folder."""
    home = folder.parent.parent
    return home if folder.parent.name == _FOLDER and (home / "run.yaml").exists() else None


def kept(run: RunDirectory, document: SearchDocument) -> RunDirectory | None:
    """The kept result for the same target and classifier, as a run directory reads it."""
    found = (one.folder for one in _kept(run.path) if one.is_of(document.target, document.classifier.spec))
    return next((RunDirectory(run.path, folder) for folder in found), None)


@dataclasses.dataclass(frozen=True, slots=True)
class Tables:
    """The tables of a result; ``of_all`` is ``None`` unless every class was asked for."""

    ranking: tuple[RankingRow, ...]
    measured: tuple[MeasuredRow, ...]
    of_all: tuple[RankingRow, ...] | None


def tables(run: RunDirectory, search: SearchDocument) -> Tables:
    """Those of a search that is there."""
    return Tables(run.ranking(search), run.measured(search), run.ranking_of_all(search))


def write(run: RunDirectory, document: SearchDocument, tables: Tables, provenance: Mapping[str, object]) -> None:
    """Replace the last search's result; a kill leaves the old one, none or the new one."""
    id = _id(document, tables)
    with _file_errors(run.path):
        (run.path / _LAST).unlink(missing_ok=True)
    run.write_measured(tables.measured, provenance, id)
    run.write_ranking(tables.ranking, provenance, id)
    run.write_ranking_of_all(tables.of_all, provenance, id)
    run.write_search(dataclasses.replace(document, id=id))


def _id(document: SearchDocument, tables: Tables) -> str:
    """A digest of all that a search found, but not of when: the same search made again is the same."""
    said = dataclasses.replace(document, id=None, provenance={}), tables
    return hashlib.sha256(repr(said).encode(errors="backslashreplace")).hexdigest()


def set_aside(run: RunDirectory) -> Result | None:
    """Move the last search's result to a folder of its own; nothing if there is no finished one.

    It is copied whole before anything is taken away from the top: a kill leaves it in one place, or in both.

    Returns:
        where it is now.
    """
    top = RunDirectory(run.path)
    try:
        search = top.search()
        tables(top, search)
    except (IncompleteError, UsageError):
        return None  # what cannot be read, or is of two searches, is refused by all who read it
    latest = Result(run.path, search.target, search.classifier.spec)
    with _file_errors(run.path / _FOLDER):
        before = next((one for one in _kept(run.path) if one.is_of(latest.target, latest.classifier)), None)
        home = _free_folder(latest) if before is None else before.folder
        if before is None or _contents(home) != _contents(run.path):
            _copy(run.path, home)
        _move_report(run.path, home)
        for name in reversed(_FILES):
            (run.path / name).unlink(missing_ok=True)
    return dataclasses.replace(latest, folder=home)


def bring_back(run: RunDirectory, kept: RunDirectory) -> Result | None:
    """Make a kept result the last search's, as it was. Returns where that which was there is kept now."""
    aside = set_aside(run)
    with _file_errors(run.path):
        for name in reversed(_FILES):  # those that could not be set aside
            (run.path / name).unlink(missing_ok=True)
        for name, content in _contents(kept.result).items():
            write_bytes(run.path / name, content)
    forget(run, kept)
    return aside


def forget(run: RunDirectory, kept: RunDirectory) -> None:
    """Remove a kept result for the target of the last search, which is newer; its report stays until there is another,
    as that of a search which is repeated."""
    with _file_errors(run.path):
        if not (run.path / _REPORT).exists():
            _move_report(kept.result, run.path)
        _remove(kept.result)


def _kept_folders(run: Path) -> list[Path]:
    # a name with a dot is of somebody who was killed
    return sorted(one for one in own_folders(run) if one.parent == run / _FOLDER and not one.name.startswith("."))


def _kept(run: Path) -> list[Result]:
    found = []
    for folder in _kept_folders(run):
        with contextlib.suppress(FileNotFoundError, UsageError):
            found.append(_result(folder))
    return found


def _result(folder: Path) -> Result:
    search = read_search(folder / _LAST)
    return Result(folder, search.target, search.classifier.spec)


def _free_folder(one: Result) -> Path:
    """A folder that is named after a target, and after the classifier or a number where others have that name. The
    names are somebody's data: slugs alone become part of a path."""
    target = slug(one.target)[:_NAME_LENGTH].strip("-") or "result"
    both = f"{target}-by-{slug(one.classifier)[:_NAME_LENGTH].strip('-')}"
    names = itertools.chain((target, both), (f"{both}-{k}" for k in itertools.count(2)))
    return next(path for path in (one.folder / _FOLDER / name for name in names) if not path.exists())


def _contents(folder: Path) -> dict[str, bytes]:
    """The files of a result, in the order in which they are written."""
    return {name: (folder / name).read_bytes() for name in _FILES if is_file(folder / name)}


def _copy(source: Path, home: Path) -> None:
    """Put a result's files into a folder that appears whole, in the place of one that is there."""
    new, old = (home.with_name(f".{home.name}.{which}.tmp") for which in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    for name, content in _contents(source).items():
        write_bytes(new / name, content)
    if home.exists():
        home.rename(old)
    new.rename(home)
    shutil.rmtree(old, ignore_errors=True)


def _move_report(source: Path, home: Path) -> None:
    if (source / _REPORT).is_dir():
        _remove(home / _REPORT)
        (source / _REPORT).rename(home / _REPORT)


@contextlib.contextmanager
def _file_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiffexError(f"cannot move the result in {folder}: {error.strerror or error}") from error


def _remove(folder: Path) -> None:
    """Remove a folder so that nobody sees half of it."""
    gone = folder.with_name(f".{folder.name}.old.tmp")
    shutil.rmtree(gone, ignore_errors=True)
    if folder.exists():
        folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)
