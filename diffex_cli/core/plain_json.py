"""The one reader of JSON.

Python's own takes ``NaN`` and 1e999 for numbers, keeps one of a key's values, nests until the stack ends, and gives
halves of characters, which no file can hold. Here each of these is an error with its line.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

from diffex_cli.core.errors import UsageError

MAX_NESTING = 100
MAX_DIGITS = 100
"""Of a whole number; Python reads none of more than some thousands."""

HALF = re.compile("[\ud800-\udfff]")
"""Half of a character beyond 65,535, which no encoding can write."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+"|[{}\[\]:]|[^\s{}\[\]:,"]+', re.DOTALL)
_TOO_DEEP = f"it is nested too deeply: at most {MAX_NESTING} levels are read"


def read_json(
    text: str,
    source: str,
    *,
    verbatim: bool = False,
    finite: bool = True,
    pairs: Callable[[list[tuple[str, Any]]], Any] | None = None,
) -> Any:
    """A JSON document's values: mappings with text as keys, lists, texts, numbers, booleans and None.

    Args:
        source: the file's name, for errors.
        verbatim: numbers are the texts that were written.
        finite: refuse ``NaN``, ``Infinity``, and what is too large for a float; servers and Python's writer use them.
        pairs: makes something else than a dict of an object's pairs, in which keys may then come twice.

    Raises:
        UsageError: it is no JSON, or holds what this reader refuses; the sentence names the line.
    """
    number = _finite if finite else float
    try:
        content = json.loads(
            text.removeprefix("\ufeff"),
            object_pairs_hook=pairs or _unique,
            parse_constant=_no_constant if finite else None,
            parse_int=str if verbatim else _whole,
            parse_float=str if verbatim else number,
        )
    except json.JSONDecodeError as error:
        raise UsageError(f"{source}, line {error.lineno}: this is not valid JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        content = _REFUSED
    deepest = MAX_NESTING if pairs is None else 2 * MAX_NESTING  # of pairs, each level is two
    if content is _REFUSED or not _is_sound(content, deepest):
        fault = _fault(text, repeated=pairs is None)
        raise UsageError(f"{source}, line {fault.line}: {fault.problem}")
    return content


_REFUSED = object()


class _Fault(NamedTuple):
    line: int
    problem: str


def _fault(text: str, repeated: bool) -> _Fault:
    """The first thing in valid JSON, or at the beginning of it, that is refused, and its line."""
    open_: list[set[str]] = []
    last = ""
    for token in _TOKEN.finditer(text):
        word, problem = token[0], ""
        if word in ("{", "["):
            open_.append(set())
            problem = _TOO_DEEP if len(open_) > MAX_NESTING else ""
        elif word in ("}", "]"):
            del open_[-1:]
        elif word == ":" and repeated and open_:
            problem = f"{json.loads(last)!r} is given twice: remove one" if last in open_[-1] else ""
            open_[-1].add(last)
        elif word.startswith('"'):
            last = json.dumps(json.loads(word, strict=False))
            problem = "it holds half of a character: write the whole one" if HALF.search(json.loads(last)) else ""
        else:
            problem = _wrong_number(word)
        if problem:
            return _Fault(text.count("\n", 0, token.start()) + 1, problem)
    return _Fault(1, "it cannot be read as JSON")


def _wrong_number(word: str) -> str:
    if word in ("NaN", "Infinity", "-Infinity"):
        return f"{word} is not a number in JSON: remove it"
    try:
        _whole(word) if word.removeprefix("-").isdecimal() else _finite(word)
    except ValueError:
        if word[-1] in "0123456789":
            return "a number is too large: write a smaller one"
    return ""


def _is_sound(content: Any, deepest: int) -> bool:
    """Neither too deep nor with halves of characters; walked level by level."""
    level, depth = [content], 0
    while level:
        inner: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if HALF.search(value):
                    return False
            elif isinstance(value, dict | list | tuple):
                if depth == deepest:
                    return False
                inner += [*value, *value.values()] if isinstance(value, dict) else value
        level, depth = inner, depth + 1
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ValueError("a key is given twice")
    return values


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError("too large")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("too large")
    return value


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number in JSON")
