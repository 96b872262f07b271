"""Which picture files of a run are what its tables say of them: looked at once a change, noted between commands."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import os
import re
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from diffex_cli.artifacts.files import write_bytes
from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.pictures import is_intact, open_picture
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.inside import Inside, kind
from diffex_cli.core.machine import cache_folder

_NAMED = re.compile(r"(?:images|edits/files/[0-9a-f]{2})/([0-9a-f]{16})\.png")
_BYTES = 16
"""Of a seal."""
_MOST = 1 << 20
"""Seals of one run that are kept."""
_RUNS = 128
"""Runs whose seals are kept: those that were noted last."""
_YOUNG = 2_000_000_000
"""Nanoseconds: what is changed within a tick of the file system's clock keeps its times."""
_AT_A_TIME = 512
"""Pictures between two moments at which an interrupt is heard of."""


@dataclasses.dataclass(frozen=True, slots=True)
class Claim:
    """What a row says of its picture.

    Attributes:
        file: relative to the run directory.
        key: its image key, or the first digits of it; empty if nothing says it.
        size: width and height; ``None`` if nothing says it.
    """

    file: str
    key: str = ""
    size: tuple[int, int] | None = None


def named_key(file: str) -> str:
    """The first digits of the image key that the name of a run's picture holds; empty if it holds none."""
    found = _NAMED.fullmatch(file)
    return found[1] if found else ""


def fits(claim: Claim, run: Path) -> bool:
    """Whether the picture is what is claimed, by its pixels.

    Raises:
        OSError: it is missing, broken or no picture.
    """
    if not is_intact(run / claim.file):  # also behind its last pixel
        raise OSError(f"{run / claim.file} is missing or broken")
    picture = open_picture(run / claim.file)
    right_size = claim.size is None or picture.size == claim.size
    return right_size and (not claim.key or image_key(picture).startswith(claim.key))


class VerifiedPictures:
    """The pictures of one run.

    That a file was found to be what is claimed is noted in the user's cache folder, never in the run, which may come
    from somebody else. A note is a *seal*: a digest of the claim and of the file's size, times and inode, so that it
    says nothing about a file that was changed since. The notes of a run are seals and nothing else, in any order: torn
    or foreign bytes fit no file.

    Args:
        again: look at every picture, whatever was noted.
    """

    def __init__(self, run: Path, inside: Inside, again: bool = False) -> None:
        self._run = run
        self._inside = inside
        self._again = again
        self._sealed: set[bytes] = set()
        """Of those that were found to be right, as long as their files stay as they were."""
        self._written: dict[Claim, bytes] = {}
        """Those that were written here, with their seals of then."""

    def unfit(self, claims: Iterable[Claim]) -> set[Claim]:
        """Those whose picture is missing, broken or another one."""
        known: set[bytes] = set() if self._again else _read(self._notes)
        gone, unsealed = set(), {}
        for claim in claims:
            status = self._inside.status(claim.file)
            if status is None:
                gone.add(claim)
            elif (seal := _seal(claim, status)) in known:
                self._sealed.add(seal)
            else:
                unsealed[claim] = seal, _is_old(status)
        return gone | self._looked_at(unsealed)

    def wrote(self, claim: Claim) -> None:
        """The picture was just written, so that it need not be looked at if it is still the same when
        :meth:`note_written` is called; by one thread at a time."""
        status = self._inside.status(claim.file)
        if status is not None:
            self._written[claim] = _seal(claim, status)

    def note_written(self) -> None:
        """Note those that were written, if their files are as they were left. Those that are too young for it wait for
        the next time."""
        seals, young = set(), {}
        for claim, seal in self._written.items():
            status = self._inside.status(claim.file)
            if status is None or _seal(claim, status) != seal:
                continue
            if _is_old(status):
                seals.add(seal)
            else:
                young[claim] = seal
        self._written = young
        self._sealed |= seals
        self._note(seals)

    def still_right(self, claim: Claim) -> bool:
        """Whether the picture was found to be what is claimed, and its file has not been changed since."""
        status = self._inside.status(claim.file)
        return status is not None and _seal(claim, status) in self._sealed

    def _looked_at(self, unsealed: dict[Claim, tuple[bytes, bool]]) -> set[Claim]:
        """Those of these that are unfit; the others are noted, also if an interrupt ends this."""
        unfit: set[Claim] = set()
        seals: set[bytes] = set()
        waiting = iter(unsealed.items())
        try:
            # Pillow's decoders work outside of the interpreter's lock
            with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
                while some := dict(itertools.islice(waiting, _AT_A_TIME)):
                    for claim, fine in zip(some, pool.map(self._fits, some), strict=True):
                        if not fine:
                            unfit.add(claim)
                        elif some[claim][1]:
                            seals.add(some[claim][0])
        finally:
            self._sealed |= seals
            self._note(seals)
        return unfit

    def _fits(self, claim: Claim) -> bool:
        try:
            return fits(claim, self._run)
        except OSError:
            return False

    def _note(self, seals: set[bytes]) -> None:
        """Add to the notes, those of other commands meanwhile included; having looked at everything, replace them. What
        cannot be noted is looked at again."""
        if not seals and not self._again:
            return
        there = self._sealed if self._again else _read(self._notes)
        kept = seals if len(seals | there) > _MOST else seals | there
        with contextlib.suppress(DiffexError):
            write_bytes(self._notes, b"".join(sorted(kept)))
            _forget_old_runs(self._notes.parent)

    @property
    def _notes(self) -> Path:
        run = hashlib.sha256(os.fsencode(self._run.resolve())).hexdigest()
        return cache_folder() / "verified" / run[:32]


def _seal(claim: Claim, status: os.stat_result) -> bytes:
    """Of a file's state and what is claimed of it. The time of the last change to the inode is no program's to set."""
    state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino)
    text = repr((1, claim.file, claim.key, claim.size, state))
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_BYTES).digest()


def _is_old(status: os.stat_result) -> bool:
    return time.time_ns() - status.st_ctime_ns > _YOUNG


def _read(notes: Path) -> set[bytes]:
    try:
        if kind(notes) != "a file" or notes.stat().st_size > _MOST * _BYTES:
            return set()
        data = notes.read_bytes()
    except (OSError, DiffexError):
        return set()
    return {data[start : start + _BYTES] for start in range(0, len(data), _BYTES)}


def _forget_old_runs(folder: Path) -> None:
    with contextlib.suppress(OSError):
        with os.scandir(folder) as entries:
            dated = sorted((one.stat(follow_symlinks=False).st_mtime_ns, one.path) for one in entries)
        for _, path in dated[:-_RUNS]:
            Path(path).unlink(missing_ok=True)
