"""The editor ``folder:DIR[:manifest=FILE,originals=DIR]``."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.keys import digest, file_digest
from diffex_cli.artifacts.pictures import open_picture
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import need_model, read_options, text
from diffex_cli.editors.base import EditRequest, EditResult, Settled, failed
from diffex_cli.editors.folder.files import NamedPictures, Pictures
from diffex_cli.editors.folder.manifest import ListedPictures
from diffex_cli.editors.folder.names import ImageNames


@dataclasses.dataclass(frozen=True)
class FolderOptions:
    """``manifest`` is a table in the folder, ``originals`` the folder of the input images."""

    manifest: str = text()
    originals: str = text()


class FolderEditor(Settled):
    """Looks edits up. A baseline that is not there is the input itself; any other edit that is not there fails. An
    attribute's overrides and what it replaces are not looked at, and neither is the seed. ``spec``: the folder;
    ``manifest`` is a table in it, ``originals`` the folder of the input images, so that they can be called by their own
    names."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        options = read_options(spec, FolderOptions())
        self._folder, self._manifest = Path(need_model(spec, "folder:DIR")), options.manifest
        self._originals = Path(options.originals) if options.originals else None
        for folder in filter(None, (self._folder, self._originals)):
            if not folder.is_dir():
                raise UsageError(f"--editor {spec.text}: there is no folder {folder}")

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        """What the fingerprint is made of: every picture's name and content. A picture more makes another editor,
        so that edits which had failed for want of it are asked for again."""
        contents = {path.relative_to(self._folder).as_posix(): _digest(path) for path in self._pictures.files}
        return {
            "editor": "folder",
            "version": 1,
            "folder": self._folder.resolve().name,
            "pictures": digest(contents),
            "manifest": _digest(self._folder / self._manifest) if self._manifest else None,
            "originals": self._names.digest if self._originals else None,
        }

    def edit(
        self, images: Mapping[str, Image.Image], requests: Sequence[EditRequest], seed: int
    ) -> Iterator[EditResult]:
        found = [self._find(request) for request in requests]
        for request, path in zip(requests, found, strict=True):
            yield self._open(request, path, images[request.image])

    @functools.cached_property
    def _names(self) -> ImageNames:
        return ImageNames(self._originals)

    @functools.cached_property
    def _pictures(self) -> Pictures:
        if self._manifest:
            return ListedPictures(self._folder, self._folder / self._manifest, self._names)
        return NamedPictures(self._folder)

    def _find(self, request: EditRequest) -> Path | None:
        paths = self._pictures.find(self._names.of(request.image), request.candidate)
        if len(paths) > 1:
            edit = f"{request.candidate.id or 'the reconstruction'} of the image {request.image[:16]}"
            raise UsageError(f"{paths[0]} and {paths[1]} are both {edit}: keep one of them")
        return paths[0] if paths else None

    def _open(self, request: EditRequest, path: Path | None, original: Image.Image) -> EditResult:
        started = time.perf_counter()
        if path is None and not request.candidate.terms:
            return EditResult(request.key, "ok", original.copy(), time.perf_counter() - started)
        if path is None:
            sought = self._pictures.sought(self._names.of(request.image), request.candidate)
            return failed(request.key, f"the folder has no picture of this edit: looked for {sought}")
        name = path.relative_to(self._folder).as_posix()
        try:
            picture = open_picture(path)
        except OSError as error:
            return failed(request.key, f"{name} cannot be read: {error.strerror or 'no picture, or a broken one'}")
        if picture.size != original.size:
            sizes = f"{picture.width}x{picture.height} pixels where the input has {original.width}x{original.height}"
            return failed(request.key, f"{name} has {sizes}: diffex does not resize what others made")
        return EditResult(request.key, "ok", picture, time.perf_counter() - started)


def _digest(path: Path) -> str | None:
    try:
        return file_digest(path)
    except OSError:
        return None
