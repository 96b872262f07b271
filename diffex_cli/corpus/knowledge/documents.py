"""Text and Markdown files as paragraphs that know where they stand."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator

_FENCE = re.compile(r" {0,3}(```+|~~~+)")
_HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)(?:\s+#+)?\s*$")
_UNDERLINE = re.compile(r" {0,3}(=+|-{2,})\s*$")
_RULE = re.compile(r" {0,3}(?:[-*_]\s*){3,}$|[\s|:+=-]+$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_LINK = re.compile(r"!?\[([^\]]*)\](?:\([^)\s]*(?:\s+\"[^\"]*\")?\)|\[[^\]]*\])")
_EMPHASIS = re.compile(r"(\*{1,3}|_{2,3}|`+)(?=\S)(.+?)(?<=\S)\1")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_FRONT_MATTER = re.compile(r"\A---\s*\n.*?\n(?:---|\.\.\.)\s*\n", re.DOTALL)
_LIGATURES = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFB00, 0xFB07)}


@dataclasses.dataclass(frozen=True, slots=True)
class Paragraph:
    """A piece of a file, on one line.

    Attributes:
        place: where it stands in the file, such as ``p. 3``; empty for the whole file.
        section: no passage goes beyond it: a page, or what is below a heading.
        heading: the headings that it stands below, for the search.
    """

    text: str
    place: str
    section: str = ""
    heading: str = ""


def clean(text: str) -> str:
    """Text on one line without what no corpus file holds: control characters, halves of characters, private symbols."""
    kept = "".join(
        " " if unicodedata.category(character) in ("Cc", "Cs", "Co", "Cn") else character
        for character in text.translate(_LIGATURES)
        if character not in "\u00ad\u200b\ufeff"
    )
    return " ".join(kept.split())


def plain_paragraphs(text: str) -> Iterator[Paragraph]:
    """The paragraphs of a text file, which empty lines divide; the place is the number of the first line."""
    for number, lines in _blocks(text.splitlines()):
        if words := clean(" ".join(lines)):
            yield Paragraph(words, f"line {number}")


def markdown_paragraphs(text: str) -> Iterator[Paragraph]:
    """The paragraphs and list items of a Markdown file; the place is the path of headings above.

    Links keep their words, pictures their descriptions. Front matter and comments are left out.
    """
    text = _COMMENT.sub("", _FRONT_MATTER.sub("", text))
    path: list[tuple[int, str]] = []
    lines: list[str] = []
    section = 0
    fence = ""

    def finished() -> Iterator[Paragraph]:
        place = " > ".join(name for _, name in path)
        for _, block in _blocks(lines):
            for item in _items(block):
                if words := clean(_unmarked(item)):
                    yield Paragraph(words, place, str(section), place)
        lines.clear()

    for line in text.splitlines():
        if fence or (opened := _FENCE.match(line)):
            if not fence and opened is not None:
                fence = opened[1][0] * 3
            elif line.strip().startswith(fence):
                fence = ""
            else:
                lines.append(line)
            continue
        heading, underline = _HEADING.match(line), _UNDERLINE.match(line)
        if underline and lines and lines[-1].strip() and not _ITEM.match(lines[-1]):
            level, name = (1 if underline[1][0] == "=" else 2), lines.pop()
        elif heading:
            level, name = len(heading[1]), heading[2]
        else:
            lines.append("" if _RULE.match(line) else line)
            continue
        yield from finished()
        section += 1
        path = [(above, other) for above, other in path if above < level]
        if words := clean(_unmarked(name)):
            path.append((level, words))
    yield from finished()


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Lines between empty ones, with the number of the first, from 1."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _items(block: list[str]) -> Iterator[str]:
    """A block's list items and table rows one by one, or the whole block."""
    item: list[str] = []
    for line in block:
        if item and (_ITEM.match(line) or line.lstrip().startswith("|")):
            yield " ".join(item)
            item = []
        item.append(_ITEM.sub("", line, count=1).strip().lstrip(">").strip("| "))
    yield " ".join(item)


def _unmarked(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    for _ in range(3):  # bold inside italics inside code
        text = _EMPHASIS.sub(r"\2", text)
    return text
