"""What ``run.yaml`` remembers of the settings: what was given, what each stage used, and nothing that failed."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import DiffexError, IncompleteError
from diffex_cli.core.settings import RUN_ORIGIN, Settings

_PROOF: Mapping[str, frozenset[str]] = {
    "edit": frozenset({"editor"}),
    "score": frozenset({"classifier"}),
    "search": frozenset({"editor", "classifier"}),
    "verify": frozenset({"verifier"}),
    "corpus": frozenset({"provider"}),
}
"""Stage → what has to have given a result for its settings to be good, whatever happens afterwards."""


@contextmanager
def forgotten_if_bad(run: RunDirectory, stage: str, proved: Collection[str]) -> Iterator[None]:
    """Put ``run.yaml`` back as it was if what is done within fails before the settings gave a result: a misspelt model
    must not stick. An interrupt is no failure, nor is work that others have to do first.

    Args:
        proved: grows with what gave a result: see :data:`_PROOF`.
    """
    before = _content(run)
    try:
        yield
    except (KeyboardInterrupt, GeneratorExit, IncompleteError):
        raise
    except BaseException:
        if stage not in _PROOF or not _PROOF[stage].issubset(proved):
            _restore(run, before)
        raise


def record(run: RunDirectory, stage: str, settings: Settings, target: str | None = None) -> None:
    """Remember the settings that the user gave, and all that this stage uses.

    Called before the work begins, so that after an interrupt, or on the way to the next stage, nothing has to be typed
    again; :func:`forgotten_if_bad` takes it back if the stage fails. An unchanged record is not written.

    Args:
        run: the run directory.
        stage: the stage's name.
        settings: as resolved.
        target: the class that is explained, if it is known to exist. Until then ``search`` does not
            remember a ``--target``: a misspelt one would stick. A configuration file's target is
            remembered by the stages before it, since that file is where it would be mended.
    """
    before = run.recorded()
    given = settings.given()
    if target is None and stage == "search":
        given.pop("target", None)
    remembered: dict[str, Any] = dict(before.get("settings") or {})
    if settings.name is None:
        remembered.pop("name", None)  # of a classifier that is no longer the run's
    stages: dict[str, Any] = dict(before.get("stages") or {})
    used = settings.used()
    used["target"] = target
    old = dict((stages.get(stage) or {}).get("settings") or {})
    if target is None:
        old["target"] = None
    if remembered | given == (before.get("settings") or {}) and old == used:
        return
    stages[stage] = {"settings": used, "provenance": provenance(stage, {})}
    run.write_recorded(remembered | given, stages)


def _content(run: RunDirectory) -> bytes | None:
    file = run.path / RUN_ORIGIN
    return file.read_bytes() if file.is_file() else None


def _restore(run: RunDirectory, content: bytes | None) -> None:
    """Put ``run.yaml`` back; a disk that refuses must not hide why the stage failed."""
    if content == _content(run):
        return
    with contextlib.suppress(DiffexError, OSError):
        if content is None:
            (run.path / RUN_ORIGIN).unlink()
        else:
            write_bytes(run.path / RUN_ORIGIN, content)
