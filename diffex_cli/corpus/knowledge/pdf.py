"""PDF files as paragraphs, page by page."""

from __future__ import annotations

import importlib
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from diffex_cli.core.errors import UsageError
from diffex_cli.corpus.knowledge.documents import Paragraph, clean

_BROKEN_WORD = re.compile(r"(?<=[a-zà-ÿ])[-\u00ad\u2010]\s*\n\s*(?=[a-zà-ÿ])")
_EMPTY_LINES = re.compile(r"\n\s*\n")


class Pages(NamedTuple):
    """The paragraphs of a file, and a clause about what could not be read of it; empty if all could."""

    paragraphs: tuple[Paragraph, ...]
    problem: str


def pdf_paragraphs(file: Path) -> Pages:
    """The paragraphs of a PDF's pages; the place is the page's number, counted from 1."""
    pypdf = _pypdf(file)
    with _silent():
        try:
            reader = pypdf.PdfReader(file)
            # most encrypted files open with the empty password: they only forbid printing
            if reader.is_encrypted and not reader.decrypt(""):
                return Pages((), "it is encrypted: save it without a password")
            pages = list(reader.pages)
        except pypdf.errors.DependencyError:
            return Pages((), "it is encrypted: save it without a password")
        except Exception as error:  # a broken file makes pypdf fail in any way
            return Pages((), f"it is not a readable PDF ({_reason(error)})")
        paragraphs: list[Paragraph] = []
        broken: list[int] = []
        for number, page in enumerate(pages, 1):
            try:
                paragraphs += _of_page(page, number)
            except Exception:
                broken.append(number)
    if broken:
        numbers = ", ".join(map(str, broken[:10])) + (", …" if len(broken) > 10 else "")
        return Pages(tuple(paragraphs), f"these of its pages cannot be read: {numbers}")
    return Pages(tuple(paragraphs), "" if paragraphs else "it contains no text, perhaps only pictures of text")


def _of_page(page: Any, number: int) -> Iterator[Paragraph]:
    text = _BROKEN_WORD.sub("", page.extract_text() or "")
    for block in _EMPTY_LINES.split(text):
        if words := clean(block):
            yield Paragraph(words, f"p. {number}", str(number))


def _pypdf(file: Path) -> ModuleType:
    try:
        return importlib.import_module("pypdf")
    except ModuleNotFoundError:
        raise UsageError(
            f"--knowledge: reading {file} needs the package pypdf: pip install 'diffex[knowledge]', "
            "or leave out the PDFs"
        ) from None


@contextmanager
def _silent() -> Iterator[None]:
    """Keep the many remarks on faulty files, which are no news to whoever reads them, off the screen."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
