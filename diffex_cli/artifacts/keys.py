"""Digests of content: the names under which results are found again."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import Image

from diffex_cli.core.errors import DiffexError, one_line
from diffex_cli.core.hierarchy import Candidate, Corpus
from diffex_cli.core.plain_files import refuse_lfs_pointer


def digest(obj: object) -> str:
    """SHA-256 hex of the canonical JSON (sorted keys, no spaces, UTF-8) of plain values.

    Raises:
        TypeError: something in it has no JSON.
        ValueError: it holds a number that is not finite.
    """
    return hashlib.sha256(_canonical(obj).encode()).hexdigest()


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def image_key(image: Image.Image) -> str:
    """SHA-256 hex of the pixels: of ``"RGB {width}x{height}\\n"`` and the raw RGB bytes, row by row."""
    picture = image if image.mode == "RGB" else image.convert("RGB")
    header = f"RGB {picture.width}x{picture.height}\n".encode()
    return hashlib.sha256(header + picture.tobytes()).hexdigest()


def edit_key(image: str, candidate: Candidate, editor_fingerprint: str, seed: int) -> str:
    """The key of one edit: the digest of all that can change its pixels, and of nothing else.

    Names and ids of attributes are not in it, so renaming one keeps its edits.
    """
    return _edit_key(image, candidate.asked, editor_fingerprint, seed)


def edit_keys(images: Sequence[str], candidate: Candidate, editor_fingerprint: str, seed: int) -> tuple[str, ...]:
    """Those of one candidate's edits of some images."""
    return _edit_keys(tuple(images), candidate.asked, editor_fingerprint, seed)


_Terms: TypeAlias = tuple[tuple[str, bool, tuple[tuple[str, float], ...], str], ...]


@functools.lru_cache(maxsize=1 << 17)
def _edit_key(image: str, terms: _Terms, editor: str, seed: int) -> str:
    """The same, kept: a search asks for each key again and again."""
    before, after = _around_image(terms, editor, seed)
    return hashlib.sha256(f"{before}{_canonical(image)}{after}".encode()).hexdigest()


@functools.lru_cache(maxsize=8)
def _edit_keys(images: tuple[str, ...], terms: _Terms, editor: str, seed: int) -> tuple[str, ...]:
    """The same, kept: every figure of a candidate asks for them, and for those of the reconstruction."""
    return tuple(_edit_key(image, terms, editor, seed) for image in images)


@functools.lru_cache(maxsize=1 << 10)
def _around_image(terms: _Terms, editor: str, seed: int) -> tuple[str, str]:
    """The canonical JSON of an edit's editor, image, seed and terms, as far as it is the same for all images."""
    described = [
        {
            "prompt": prompt,
            "remove": remove,
            "overrides": dict(overrides),
            **({"replaces": replaces} if replaces else {}),
        }
        for prompt, remove, overrides, replaces in terms
    ]
    described.sort(key=lambda term: (str(term["prompt"]), bool(term["remove"])))
    return f'{_canonical({"editor": editor})[:-1]},"image":', f",{_canonical({'seed': seed, 'terms': described})[1:]}"


def corpus_digest(corpus: Corpus) -> str:
    """The digest of a hierarchy's attributes, by all that a search reads of them; siblings have no order."""
    nodes = [
        {
            "id": node.id,
            "name": node.name,
            "prompt": node.prompt,
            "remove": node.remove,
            "placebo": node.placebo,
            "overrides": {key: float(value) for key, value in node.overrides.items()},
            "replaces": node.replaces,
            **({"group": node.group} if node.group != "members" else {}),
            **({"question": node.question} if node.question else {}),
        }
        for node in corpus.walk()
    ]
    return digest(sorted(nodes, key=lambda node: str(node["id"])))


def images_digest(keys: Iterable[str]) -> str:
    """The digest of a set of input images, by their keys."""
    return digest(sorted(keys))


def digest_files(folder: Path, patterns: Sequence[str]) -> str:
    """One digest of the files below a folder that match any of the glob patterns: names and contents."""
    files = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    return digest({path.relative_to(folder).as_posix(): file_digest(path) for path in files})


def file_digest(path: Path) -> str:
    """SHA-256 hex of a file's content; its name is no part of it.

    Raises:
        UsageError: it is the pointer that Git LFS leaves in the place of a large file.
    """
    refuse_lfs_pointer(path)
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def checked_identity(fingerprint: object, who: str) -> str:
    """A backend's fingerprint, which has to be text that a file can hold; a DiffexError if it is none."""
    if not isinstance(fingerprint, str) or not fingerprint.isprintable() or not fingerprint.strip():
        raise DiffexError(f"{who} has the fingerprint {fingerprint!r:.80}, which must be a line of text")
    return fingerprint


def checked_settings(settings: object, who: str) -> dict[str, object]:
    """What a backend says of itself, which has to be plain values by name; a DiffexError if it is not."""
    try:
        plain: dict[str, object] = dict(settings)  # type: ignore[call-overload]
        digest(plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise DiffexError(f"{who} has settings that are no plain values by name: {one_line(error)}") from None
    return plain
