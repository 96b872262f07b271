"""The one writer of CSV, and how its texts are read back.

A spreadsheet computes a cell that begins like a formula, also in a file that somebody else wrote: an attribute or a
class would be a program. Such a text gets an apostrophe, which spreadsheets take for "this is text".
https://owasp.org/www-community/attacks/CSV_Injection
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)? ?%?")


def csv_text(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV: texts guarded, numbers in full precision, unknown ones empty, truth values ``true``/``false``."""
    return "".join(f"{','.join(_cell(value) for value in row)}\n" for row in rows)


def guarded(text: str) -> str:
    """A text that no spreadsheet computes; a number stays one."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """The text that :func:`guarded` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def _cell(value: object) -> str:
    if isinstance(value, str):
        text = guarded(value)
        # Python's own writer leaves a carriage return bare, at which readers begin a new row
        return '"{}"'.format(text.replace('"', '""')) if re.search('[,"\r\n]', text) else text
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return str(value)
