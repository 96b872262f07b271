"""Where the edited pictures come from: the renderer, or an editor whose edits are kept in run directories."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Protocol

from PIL import Image

from benchmarks.log import LoggedProgress
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.birds import samples
from diffex_cli.birds.editor import RenderEditor, apply_all
from diffex_cli.birds.renderer import render
from diffex_cli.core.configuration import resolve
from diffex_cli.core.hierarchy import Candidate
from diffex_cli.core.registry import parse_spec
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import EditRequest
from diffex_cli.measure.making import make_edits
from diffex_cli.measure.session import Session, locked_session

RENDERER = "render:birds"


class Wanted(NamedTuple):
    """One picture: an image's key, what to change, and the editor's seed."""

    image: str
    candidate: Candidate
    seed: int = 0


class Counterfactuals(Protocol):
    """Makes the pictures of one editor, as many at once as it is asked for."""

    @property
    def fingerprint(self) -> str:
        """The editor's."""
        ...

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """Make what is going to be asked for, in whatever order suits the editor."""
        ...

    def pictures(self, wanted: Sequence[Wanted]) -> Iterator[Image.Image | None]:
        """The pictures in the order given; ``None`` where an edit failed."""
        ...


def key(counterfactuals: Counterfactuals, wanted: Wanted) -> str:
    """The key of an edit, as in a run directory."""
    return edit_key(wanted.image, wanted.candidate, counterfactuals.fingerprint, wanted.seed)


class Rendered:
    """The renderer as a perfect editor. Nothing is kept: drawing again is cheaper than reading."""

    @functools.cached_property
    def fingerprint(self) -> str:
        """See :attr:`Counterfactuals.fingerprint`."""
        return RenderEditor(parse_spec(RENDERER)).fingerprint

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """See :meth:`Counterfactuals.prepare`; there is nothing to prepare."""

    def pictures(self, wanted: Sequence[Wanted]) -> Iterator[Image.Image | None]:
        """See :meth:`Counterfactuals.pictures`."""
        records = samples.records()
        for one in wanted:
            yield render(apply_all(records[one.image], one.candidate))


class Edited:
    """An editor's edits in run directories, one a seed, which all classifiers share.

    A context manager: it holds the directories' locks.

    Args:
        work: the run directories go to ``work/edits``.
    """

    def __init__(self, editor: str, work: Path, images: Sequence[str]) -> None:
        self._editor, self._work, self._images = editor, work, tuple(images)
        self._stack = ExitStack()
        self._sessions: dict[int, Session] = {}

    def __enter__(self) -> Edited:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    @functools.cached_property
    def fingerprint(self) -> str:
        """See :attr:`Counterfactuals.fingerprint`."""
        return self._session(0).editor_fingerprint

    def prepare(self, wanted: Sequence[Wanted]) -> None:
        """See :meth:`Counterfactuals.prepare`."""
        for seed in sorted({one.seed for one in wanted}):
            session = self._session(seed)
            requests = {
                (name := session.key(one.image, one.candidate)): EditRequest(name, one.image, one.candidate)
                for one in sorted(wanted, key=lambda one: one.image)
                if one.seed == seed
            }
            missing = session.missing(requests.values())
            if missing:
                make_edits(session, missing, LoggedProgress(f"{self._editor}, seed {seed}"), "edit")
                session.run.edit_parts.merge(provenance("edit", {}))

    def pictures(self, wanted: Sequence[Wanted]) -> Iterator[Image.Image | None]:
        """See :meth:`Counterfactuals.pictures`."""
        self.prepare(wanted)
        for one in wanted:
            session = self._session(one.seed)
            row = session.edits[session.key(one.image, one.candidate)]
            yield None if row.status == "failed" else session.run.edited_picture(row)

    def _session(self, seed: int) -> Session:
        if seed not in self._sessions:
            flags = {
                "run": self._work / "edits" / f"seed-{seed}-images-{len(self._images)}",
                "domain": "birds",
                "images": self._inputs(),
                "n_images": len(self._images),
                "editor": self._editor,
                "classifier": "birds:null",
                "perceptual": "none",
                "seed": seed,
            }
            settings = resolve(flags, {}, None)
            corpus.run(settings, LoggedProgress(self._editor))
            self._sessions[seed] = self._stack.enter_context(locked_session("edit", settings))
        return self._sessions[seed]

    def _inputs(self) -> Path:
        folder = self._work / "edits" / f"inputs-{len(self._images)}"
        folder.mkdir(parents=True, exist_ok=True)
        for place, image in enumerate(self._images):
            path = folder / f"{place:02d}.png"
            if not path.exists():
                samples.pictures()[image].save(path)
        return folder
