"""Reading a text file that a person named: a plain file of a bounded size, in UTF-8."""

from __future__ import annotations

import stat
from pathlib import Path

from diffex_cli.core.errors import UsageError

MAX_BYTES = 16 << 20
"""The size of a text file: several times that of a hierarchy of 50,000 attributes."""

_LFS = "version https://git-lfs.github.com/spec/"
_OPEN_ALREADY = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where pipes are that a shell has connected, as in ``--config <(…)``: somebody writes to them."""
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFBLK: "a block device",
    stat.S_IFDIR: "a folder",
}


def read_text_file(path: Path, what: str) -> str:
    """A text file's content. ``what`` it is, for the sentence: ``the file of labels``.

    Raises:
        UsageError: it cannot be read, is too large, is not UTF-8, or is the pointer that Git LFS leaves for a file.
    """
    try:
        refuse_special(path)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {what} {path}: {getattr(error, 'strerror', None) or error}") from None
    if len(content) > MAX_BYTES:
        raise UsageError(f"{what} {path} is larger than {MAX_BYTES >> 20} MB: name the right file, or make it smaller")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{what} {path} is not UTF-8 text: save it as UTF-8") from None
    if "\0" in text:
        raise UsageError(f"{what} {path} holds zero bytes, as UTF-16 and binary files do: save it as UTF-8 text")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if text.startswith(_LFS):
        raise UsageError(f"{what} {path} is a Git LFS pointer, not the file itself: run git lfs pull")
    return text


def refuse_special(path: Path) -> None:
    """Complain about what cannot be read as a file; a pipe that nobody writes to would be waited for, for ever.

    Raises:
        OSError: it is none; or missing.
    """
    if str(path).startswith(_OPEN_ALREADY):
        return
    kind = _KINDS.get(stat.S_IFMT(path.stat().st_mode))
    if kind:
        raise OSError(f"it is {kind}, not a file")


def readable(name: object) -> str:
    """A file's name as text that every file can hold: bytes that are not UTF-8 are written out, ``\\xff``."""
    text = str(name)
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace").decode("utf-8")


def is_lfs_pointer(path: Path) -> bool:
    """Whether a file is what Git LFS leaves in the place of a large one that was not fetched."""
    try:
        refuse_special(path)
        with path.open("rb") as file:
            return file.read(len(_LFS)) == _LFS.encode()
    except (OSError, ValueError):
        return False


def refuse_lfs_pointer(path: Path) -> None:
    if is_lfs_pointer(path):
        raise UsageError(f"{path} is a Git LFS pointer, not the file itself: run git lfs pull")
