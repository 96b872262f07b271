"""The bounds of a session's edits: what its settings name, opened, and held against its images."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from PIL import Image

from diffex_cli.artifacts.consent import Consent
from diffex_cli.artifacts.keys import edit_key
from diffex_cli.artifacts.rows import EditRow
from diffex_cli.core import registry
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION, Candidate
from diffex_cli.core.settings import Settings
from diffex_cli.editors.base import EditRequest
from diffex_cli.editors.opened import OpenedEditor
from diffex_cli.editors.regions.base import RegionImage, region_images
from diffex_cli.editors.regions.bounded import BoundedEditor
from diffex_cli.editors.regions.bounds import Bounds
from diffex_cli.editors.regions.opened import OpenedRegions, open_regions
from diffex_cli.measure import rates

if TYPE_CHECKING:
    from diffex_cli.measure.session import Session


def open_bounds(settings: Settings, consent: Consent, device: str) -> Bounds | None:
    """What the settings bound the edits by; ``None`` if by nothing.

    Raises:
        UsageError: there is no such source of regions, nobody agreed to it, or another program makes the edits.
    """
    region, keep = (_opened(name, getattr(settings, name), consent, device) for name in ("region", "keep_region"))
    if region is None and keep is None:
        return None
    if registry.parse_spec(settings.editor).name == "external":
        raise UsageError(
            f"--region and --keep-region do not reach the editor {settings.editor}, whose pictures are made elsewhere: "
            "have it bound them, or import them with folder:DIR"
        )
    return Bounds(region, keep, settings.feather)


def _opened(name: str, spec: str, consent: Consent, device: str) -> OpenedRegions | None:
    if spec == "none":
        return None
    parsed = registry.parse_spec(spec)
    if name == "keep_region" and parsed.name == "text" and not parsed.options.get("words"):
        raise UsageError(
            f"--keep-region {spec} would keep each attribute's own place from its edits: say what to keep, such as "
            f"{spec}{',' if parsed.options else ':'}words=face"
        )
    consent.check(name, spec)
    return open_regions(spec, device)


def check_bounds(session: Session, bounds: Bounds) -> None:
    """Hold what is written down of regions against the session's images and hierarchy.

    Raises:
        UsageError: it does not fit.
    """
    bounds.check(tuple(_images(session).values()), tuple(session.corpus.walk()))


def bounded(session: Session, own: OpenedEditor, bounds: Bounds) -> BoundedEditor:
    """The session's editor within bounds. What it made in this run without any is used again."""
    return BoundedEditor(own, bounds, functools.cache(lambda: _images(session)), _MadeBefore(session, own))


def known_rate(session: Session) -> float | None:
    """The seconds that an edit by the session's editor took on this machine, bounded or not; ``None`` if never."""
    known, editor = rates.recall(), session.editor
    own = editor.own.fingerprint if isinstance(editor, BoundedEditor) else ""
    return known.get(session.editor_fingerprint, known.get(own))


def reused(session: Session, requests: Sequence[EditRequest]) -> int:
    """How many of them take no time, since the editor made them without bounds."""
    return session.editor.reused(requests) if isinstance(session.editor, BoundedEditor) else 0


def _images(session: Session) -> Mapping[str, RegionImage]:
    return region_images(tuple(session.images.values()), session.pictures.__getitem__)


class _MadeBefore:
    """See :class:`~diffex_cli.editors.regions.bounded.MadeBefore`. ``own``: the editor without bounds."""

    def __init__(self, session: Session, own: OpenedEditor) -> None:
        self._session, self._own = session, own

    @functools.cached_property
    def _edits(self) -> Mapping[str, EditRow]:
        return self._session.run.edits(self._own.fingerprint)

    def find(self, image: str, candidate: Candidate) -> EditRow | None:
        seed = self._session.settings.seed
        row = self._edits.get(edit_key(image, candidate, self._own.fingerprint, seed))
        if row is None and not candidate.terms:
            row = self._session.edits.get(self._session.key(image, RECONSTRUCTION))
        return None if row is None or row.file is None else row

    def open(self, row: EditRow) -> Image.Image:
        return self._session.edited_picture(row)
