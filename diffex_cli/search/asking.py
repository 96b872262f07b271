"""``requests.parquet``: asking others for the edits that a search is missing, and noticing that they do not come."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NoReturn

from diffex_cli.artifacts.instructions import instructions
from diffex_cli.artifacts.provenance import provenance
from diffex_cli.artifacts.rows import RequestRow
from diffex_cli.artifacts.tables import read_provenance
from diffex_cli.core import registry
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.editors.base import EditRequest
from diffex_cli.measure.session import Session

_EDITS = "edits"
"""How many rows ``edits/`` had when the requests were written, in their provenance."""
_READINGS = "unread"
"""Of how many pictures the readings were missing, and how many readings there were."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Asked:
    """What the last search asked for, and how many rows there were; 0 if that is not known."""

    keys: frozenset[str] = frozenset()
    rows: int = 0


def ask(session: Session, missing: Sequence[EditRequest], scores: int) -> NoReturn:
    """Write what is missing to ``requests.parquet`` and end the search for now.

    Args:
        scores: how many pictures are not scored.

    Raises:
        IncompleteError: always, unless
        UsageError: another program was asked for the very same before, and none of it came.
    """
    there, before = set(session.run.edit_parts.read()["edit"].to_pylist()), _asked_before(session)
    lost = len(there) - before.rows - len(there & before.keys) if before.keys else 0
    told = f"{lost} rows that edits/ got since match no request" if lost > 0 else ""
    spec = registry.parse_spec(session.settings.editor)
    if missing and spec.name == "external" and before.keys == {request.key for request in missing}:
        raise UsageError(
            f"none of the {len(missing)} edits that {session.run.path / 'requests.parquet'} asks for came"
            f"{f': {told}' if told else ''}: let {spec.model!r} make them and copy `edit` from each request"
        )
    rows = [
        RequestRow(
            edit=request.key,
            image=request.image,
            file=session.images[request.image].file,
            candidate=request.candidate.id,
            instructions=instructions(request.candidate),
            editor=session.editor_fingerprint,
            seed=session.settings.seed,
        )
        for request in missing
    ]
    settings = {"editor": session.settings.editor, "editor_settings": session.editor.settings}
    session.run.write_requests(rows, provenance("search", settings) | {_EDITS: len(there)})
    what = " and ".join([f"{len(missing)} edits"] * bool(missing) + [f"the scores of {scores} pictures"] * bool(scores))
    raise IncompleteError(f"{what} are missing{f' ({told})' if told else ''}: {_remedy(spec, bool(missing))}")


def ask_for_readings(session: Session, pictures: int) -> NoReturn:
    """End the search for now, since the verifier has to look at some pictures first. ``requests.parquet`` then asks for
    no edits.

    Raises:
        IncompleteError: always, unless
        UsageError: the same was asked for before, and nobody looked.
    """
    known = {"pictures": pictures, "readings": sum(map(len, session.readings.values()))}
    path = session.run.path / "requests.parquet"
    what = f"what {pictures} pictures show was not read yet: run `diffex verify`, then this again"
    if is_file(path) and read_provenance(path).get(_READINGS) == known:
        raise UsageError(f"{what} (in a loop, after `diffex score`): the last search asked for that, too")
    settings = {"verifier": session.settings.verifier}
    session.run.write_requests([], provenance("search", settings) | {_READINGS: known})
    raise IncompleteError(what)


def _asked_before(session: Session) -> _Asked:
    try:
        keys = frozenset(row.edit for row in session.run.requests())
        rows = read_provenance(session.run.path / "requests.parquet").get(_EDITS)
    except (IncompleteError, UsageError):
        return _Asked()
    return _Asked(keys, rows) if isinstance(rows, int) else _Asked()


def _remedy(spec: registry.Spec, edits: bool) -> str:
    """What to do when edits or, if not, scores are missing. Edits that others make, diffex cannot."""
    if not edits:
        return "run `diffex score`, then this again"
    if spec.name == "external":
        return f"have {spec.model!r} make those in requests.parquet, then run `diffex score`, then this again"
    if spec.name == "folder":
        return f"put those in requests.parquet into {spec.model}, then run this again without --no-fill"
    return "run `diffex edit --requests`, then `diffex score`, then this again"
