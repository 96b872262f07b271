"""A hierarchy wherever it is: in a run directory, in a file, or bundled. Finding, checking and editing it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.corpus_yaml import parse_corpus, read_text
from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.lock import RunLock
from diffex_cli.core import domains
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.inside import is_file
from diffex_cli.core.registry import did_you_mean
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.core.wording import canonical
from diffex_cli.corpus.file import read_hierarchy
from diffex_cli.corpus.nested_json import is_nested_json


@dataclasses.dataclass(frozen=True, slots=True)
class Place:
    """Where a hierarchy lies: its file, and the run directory it belongs to. A bundled one is not to be changed."""

    file: Path
    run: Path | None = None
    bundled: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """A hierarchy that can be read.

    Attributes:
        grown: ids of the attributes that ``diffex corpus grow`` added.
        warnings: a sentence for each thing that is allowed and probably not meant.
    """

    corpus: Corpus
    grown: frozenset[str]
    warnings: tuple[str, ...]

    @property
    def attributes(self) -> int:
        return sum(1 for _ in self.corpus.walk())

    @property
    def levels(self) -> int:
        return max(node.id.count("/") + 1 for node in self.corpus.walk())


def locate(source: str | None, run: Path) -> Place:
    """Find a hierarchy.

    Args:
        source: a file, a run directory, or the name of a bundled domain; ``None`` for the run's own.

    Raises:
        IncompleteError: the run has none yet.
        UsageError: there is nothing of that name.
    """
    path = run if source is None else typed_path(source)
    if path.is_file():
        in_run = path.name == "corpus.yaml" and (path.parent / "run.yaml").is_file()
        return Place(path, path.parent if in_run else None)
    if path.is_dir() and is_file(path / "corpus.yaml"):
        return Place(path / "corpus.yaml", path)
    if source in domains.names():
        return Place(domains.corpus_file(source), bundled=True)
    if source is None or path.is_dir():
        raise IncompleteError(f"there is no {path / 'corpus.yaml'}: run `diffex corpus --run {path}` first")
    known = did_you_mean(source, domains.names())
    raise UsageError(f"{source!r} is not a file, run directory or bundled domain{known}")


def check(file: Path) -> Checked:
    """Read a hierarchy in either form, and look it over; a UsageError names the line."""
    text = read_text(file)
    if is_nested_json(text):
        corpus, provenance = read_hierarchy(file, file.stem), {}
    else:
        document = parse_corpus(text, str(file))
        corpus, provenance = document.corpus, dict(document.provenance)
    return Checked(corpus, frozenset(_grown(provenance)), tuple(_oddities(corpus)))


def line_of(error: str, file: Path) -> int | None:
    """The line that an error of :func:`check` names; ``None`` if it is about the whole file."""
    found = re.match(re.escape(str(file)) + r"(?: is not valid YAML)?, line (\d+):", error)
    return int(found[1]) if found else None


class EditedHierarchy:
    """A copy of a hierarchy's file beside the place where it is to go, to be edited and then installed.

    A draft that is there already is taken up again. Without ``output`` it goes where the hierarchy lies, unless that
    is bundled.
    """

    def __init__(self, place: Place, output: Path | None = None) -> None:
        if output is None and place.bundled:
            raise UsageError(f"{place.file.stem} comes with diffex: give --output FILE.yaml for your own version of it")
        if output is not None and output.exists():
            raise UsageError(f"--output {output} exists: edit it with `diffex corpus edit {output}`, or name another")
        self._run = place.run if output is None else None
        self.target = output or place.file
        self.file = self.target.with_name(f"{self.target.stem}.draft{self.target.suffix}")
        if self._run is not None:
            is_file(self.target)
        try:
            self._original = place.file.read_bytes()
        except OSError as error:
            raise UsageError(f"cannot read the hierarchy {place.file}: {error.strerror or error}") from None
        self.resumed = is_file(self.file)
        if not self.resumed:
            write_bytes(self.file, self._original)

    @property
    def changed(self) -> bool:
        return self.file.read_bytes() != self._original

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)

    def install(self) -> Checked:
        """Check the draft and put it in place; it is gone then. Upon an error it is kept.

        Raises:
            UsageError: it is no hierarchy.
            DiffexError: somebody else changed the file meanwhile, or works in the run directory.
        """
        checked = check(self.file)
        if self._run is None:
            self._replace()
        else:
            with RunLock(self._run, "diffex corpus edit"):
                self._replace()
        return checked

    def _replace(self) -> None:
        if self.target.exists() and self.target.read_bytes() != self._original:
            raise DiffexError(
                f"{self.target} was changed by somebody else in the meantime: your version is {self.file}; "
                "copy what you need from it and remove it"
            )
        write_bytes(self.target, self.file.read_bytes())
        self.discard()


def _grown(provenance: Mapping[str, Any]) -> Iterator[str]:
    """Ids of added attributes; the provenance may have been edited by hand into anything."""
    steps = provenance.get("grown")
    for step in steps if isinstance(steps, list) else []:
        added = step.get("added") if isinstance(step, dict) else None
        yield from (str(id) for id in (added if isinstance(added, list) else []))


def _oddities(corpus: Corpus) -> Iterator[str]:
    first: dict[tuple[bool, str, str, tuple[tuple[str, float], ...]], Node] = {}
    for node in corpus.walk():
        key = (node.remove, canonical(node.prompt), node.replaces, tuple(sorted(node.overrides.items())))
        other = first.setdefault(key, node)
        if other is not node:
            yield f"{other.id} and {node.id} have the same prompt ({node.prompt!r}): they are the same edit"
