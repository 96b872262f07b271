"""The one cleaner of foreign text – names, labels, a server's words – before people see it.

What is no letter, digit, sign or blank can move the cursor, recolour the screen or turn the direction of reading, and a
line break can make one name look like two lines of ours.
"""

from __future__ import annotations

import unicodedata


def printable(text: str, also: str = "") -> str:
    """The text with a blank in the place of each line break, control character, direction mark and half of a character.
    Blanks of all kinds stay as they are, and so does what is in ``also``."""
    if text.isprintable():
        return text
    return "".join(letter if _is_printable(letter) or letter in also else " " for letter in text)


def one_line_of(text: str) -> str:
    """The printable words of a text with one blank between two."""
    return " ".join(printable(text).split())


def _is_printable(letter: str) -> bool:
    return letter.isprintable() or unicodedata.category(letter) == "Zs"
