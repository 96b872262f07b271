"""Choosing the input images of a run."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image

from diffex_cli.artifacts.picture_folder import pictures_in
from diffex_cli.artifacts.pictures import SUFFIXES, read_picture
from diffex_cli.artifacts.rgb import Upright, upright
from diffex_cli.artifacts.rows import InputImage
from diffex_cli.artifacts.run import RunDirectory, input_row
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.progress import Progress
from diffex_cli.core.settings import Settings
from diffex_cli.core.text_files import readable


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """One picture, in a file or in memory, and what to call it in the run."""

    picture: Path | Image.Image
    name: str

    def open(self) -> Upright:
        """The picture, upright, as RGB.

        Raises:
            OSError: it cannot be read.
        """
        if isinstance(self.picture, Path):
            return read_picture(self.picture)
        try:
            return upright(self.picture)
        except Exception as error:  # of many kinds, by what is torn
            raise OSError(f"it cannot be read: {one_line(error)}") from error

    def __str__(self) -> str:
        return readable(self.picture) if isinstance(self.picture, Path) else self.name


@dataclasses.dataclass(frozen=True, slots=True)
class Inputs:
    """The chosen images, sorted by name, and a sentence for each file that was passed over."""

    images: tuple[InputImage, ...]
    warnings: tuple[str, ...]


def sources(settings: Settings) -> list[Source]:
    """All picture files to choose from, at least one, in the order in which they are taken.

    The order is that of the digests of seed and name: more images are a superset of fewer, and a file
    more or less in the folder moves no other.
    """
    return shuffled(_found(settings)[0], settings.seed)


def _found(settings: Settings) -> tuple[list[Source], str | None]:
    """The picture files, and a sentence about what was left out of a folder."""
    if settings.images is not None:
        return _folder(settings.images)
    samples = domains.samples(settings.domain) if settings.domain in domains.names() else None
    if samples is None:
        raise UsageError(f"the domain {settings.domain!r} has no sample images: name a folder with --images DIR")
    return [Source(path, f"{settings.domain}/{path.name}") for path in samples], None


def shuffled(found: Iterable[Source], seed: int) -> list[Source]:
    """Pictures in the order of the digests of seed and name."""
    return sorted(found, key=lambda source: hashlib.sha256(f"{seed}/{source.name}".encode()).digest())


def _folder(folder: Path) -> tuple[list[Source], str | None]:
    if not folder.is_dir():
        raise UsageError(f"the folder of input images {folder} does not exist: name one with --images DIR")
    there = pictures_in(folder)
    found = [Source(path, readable(path.relative_to(folder).as_posix())) for path in there.files]
    if not found:
        kinds = ", ".join(sorted(suffix[1:] for suffix in SUFFIXES))
        more = f"; {there.left_out}" if there.left_out else ""
        raise UsageError(f"there are no images ({kinds}) in {folder}: name another folder with --images DIR{more}")
    return found, there.left_out


def check_readable(settings: Settings) -> None:
    """Complain if none of the pictures can be read, of which the first is told."""
    first = None
    for source in sources(settings):
        try:
            source.open()
        except OSError as error:
            first = first or _passed_over(source, error)
            continue
        return
    raise _none_readable(str(first))


def _passed_over(source: Source, error: OSError) -> str:
    return f"passed over {source}: {readable(error)}"


def _none_readable(first: str) -> UsageError:
    return UsageError(f"none of the input images can be read: {first}")


def choose(
    settings: Settings,
    run: RunDirectory,
    progress: Progress,
    given: Sequence[Source] | None = None,
    write: bool = True,
) -> Inputs:
    """Copy the input images, at least one, into the run directory: upright, as RGB, each once.

    Args:
        given: what to choose from, instead of the folder that the settings name.
        write: whether to copy them, or only to say which ones they are.
    """
    found, left_out = _found(settings) if given is None else (given, None)
    candidates = shuffled(found, settings.seed)
    wanted = len(candidates) if settings.n_images is None else settings.n_images
    chosen: dict[str, InputImage] = {}
    warnings: list[str] = []
    notes: Counter[str] = Counter()
    if left_out:
        progress.note(left_out)
    progress.start("images", min(wanted, len(candidates)))
    for source in candidates:
        if len(chosen) == wanted:
            break
        try:
            opened = source.open()
            image = (run.save_input if write else input_row)(opened.picture, source.name, None)
        except OSError as error:
            warnings.append(_passed_over(source, error))
            continue
        if image.image in chosen:
            warnings.append(f"passed over {source}: the same picture as {chosen[image.image].source}")
            continue
        chosen[image.image] = image
        notes.update(opened.notes)
        progress.advance("images")
    if not chosen:
        raise _none_readable(warnings[0])
    warnings += [f"{count} of {len(chosen)} images had {note}" for note, count in notes.items()]
    if settings.n_images is not None and len(chosen) < wanted:
        warnings.append(f"there are only {len(chosen)} images, not the {wanted} that --n-images asks for")
    return Inputs(tuple(sorted(chosen.values(), key=lambda image: image.source)), tuple(warnings))
