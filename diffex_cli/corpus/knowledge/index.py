"""Finds the passages of a folder that fit a query, by BM25 (Robertson & Zaragoza 2009; Lucene's variant)."""

from __future__ import annotations

import importlib
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from diffex_cli.core.errors import UsageError
from diffex_cli.core.wording import canonical
from diffex_cli.corpus.generation.grounding import Passage
from diffex_cli.corpus.knowledge.documents import Paragraph, clean, markdown_paragraphs, plain_paragraphs
from diffex_cli.corpus.knowledge.pdf import Pages, pdf_paragraphs
from diffex_cli.corpus.knowledge.splitting import split

SUFFIXES = (".markdown", ".md", ".pdf", ".txt")
"""What is read; other files in the folder are passed over."""

_LARGEST = 100_000_000


class Excerpts:
    """An :class:`~diffex_cli.corpus.generation.grounding.Index` of a folder's passages.

    Args:
        searched: for each passage the words that it is found by.
        warnings: a sentence for each file that was left out, wholly or in part.
    """

    def __init__(self, excerpts: Sequence[Passage], searched: Sequence[str], warnings: Sequence[str] = ()) -> None:
        self.excerpts = tuple(excerpts)
        self.warnings = tuple(warnings)
        package = _bm25s()
        self._stopwords = frozenset(package.stopwords.STOPWORDS_EN)
        documents = [self._words(text) for text in searched]
        # in sorted order, so that nothing depends on the hashes of words
        self._vocabulary = {word: i for i, word in enumerate(sorted({word for words in documents for word in words}))}
        self._scorer: Any = None
        if self._vocabulary:
            ids = [[self._vocabulary[word] for word in words] for words in documents]
            self._scorer = package.BM25(method="lucene", auto_compile=False)
            self._scorer.index((ids, dict(self._vocabulary)), show_progress=False)

    def search(self, query: str, k: int) -> Sequence[Passage]:
        """At most ``k`` passages that share a word with the query, the best first; of equals the first."""
        ids = [self._vocabulary[word] for word in dict.fromkeys(self._words(query)) if word in self._vocabulary]
        if not ids:
            return ()
        scores = self._scorer.get_scores_from_ids(ids)
        best = np.argsort(-scores, kind="stable")[:k]
        return tuple(self.excerpts[i] for i in best if scores[i] > 0)

    def _words(self, text: str) -> list[str]:
        """Words without endings and spellings that do not matter, "haemorrhages" → "hemorrhage"."""
        letters = "".join(
            character if character.isalnum() else " " for character in unicodedata.normalize("NFKC", text)
        )
        return [canonical(word) for word in letters.casefold().split() if word not in self._stopwords]


def passages(folder: Path) -> Excerpts:
    """Read all texts below a folder: ``.txt``, ``.md``, ``.markdown`` and ``.pdf``, in the order of their names.

    A file that cannot be read is left out, with a warning. Hidden files are passed over.
    """
    if not folder.is_dir():
        raise UsageError(f"--knowledge: there is no folder {folder}: name one that holds texts ({_kinds()})")
    files = sorted(
        (
            file
            for file in folder.rglob("*")
            if file.suffix.lower() in SUFFIXES and file.is_file() and not _hidden(file.relative_to(folder))
        ),
        key=lambda file: file.relative_to(folder).as_posix(),
    )
    if not files:
        raise UsageError(f"--knowledge: there are no texts ({_kinds()}) in {folder}: name another folder")
    excerpts: list[Passage] = []
    searched: list[str] = []
    warnings: list[str] = []
    for file in files:
        name = clean(file.relative_to(folder).as_posix())
        pages = _read(file)
        if pages.problem:
            warnings.append(f"passed over {'a part of ' if pages.paragraphs else ''}{file}: {pages.problem}")
        for passage in split(pages.paragraphs):
            excerpts.append(Passage(passage.text, f"{name}, {passage.place}" if passage.place else name))
            searched.append(f"{passage.heading} {passage.text}")
    if not excerpts:
        raise UsageError(f"--knowledge: none of the texts in {folder} can be read ({warnings[0]}): name another")
    return Excerpts(excerpts, searched, warnings)


def _read(file: Path) -> Pages:
    try:
        size = file.stat().st_size
        if size > _LARGEST:
            return Pages((), f"it has more than {_LARGEST // 1_000_000} MB: split it up")
        if file.suffix.lower() == ".pdf":
            return pdf_paragraphs(file)
        text = file.read_text(encoding="utf-8-sig")
    except OSError as error:
        return Pages((), f"it cannot be read ({error.strerror or error})")
    except UnicodeDecodeError:
        return Pages((), "it is not UTF-8 text: save it as such")
    paragraphs = tuple(_paragraphs(file, text))
    return Pages(paragraphs, "" if paragraphs else "it is empty")


def _paragraphs(file: Path, text: str) -> Iterator[Paragraph]:
    return plain_paragraphs(text) if file.suffix.lower() == ".txt" else markdown_paragraphs(text)


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _kinds() -> str:
    return ", ".join(suffix[1:] for suffix in SUFFIXES)


def _bm25s() -> ModuleType:
    try:
        return importlib.import_module("bm25s")
    except ModuleNotFoundError:
        raise UsageError("--knowledge needs the package bm25s: pip install 'diffex[knowledge]'") from None
