"""JSON as language models write it: read whole, or not at all.

Besides JSON that is: a comma too many before a closing bracket, comments, raw line breaks in texts, single quotes, bare
keys, and Python's ``None``, ``True`` and ``False``. Nothing is closed, added or guessed, so that an answer that broke
off is never taken for a whole one; libraries that repair JSON do all that, even where they call themselves strict.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, NamedTuple, NoReturn

_MAX_NESTING = 100
_SPACE = re.compile(r"(?:\s|//[^\n]*|#[^\n]*)*+")
# How what json reads begins. Its errors count lines, which takes long where every bracket is one.
_PLAIN = re.compile(r'\{\s*["}]|\[|"')
_STRINGS = {quote: re.compile(rf"{quote}((?:[^{quote}\\]|\\.)*+){quote}", re.DOTALL) for quote in "\"'"}
_KEY = re.compile(r"[A-Za-z_$][\w$-]*")
_WORD = re.compile(r"[-+.\w]+")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
# A quote that JSON escapes or not, unlike Python.
_QUOTE = re.compile(r"\\(.)|\"", re.DOTALL)


class Parsed(NamedTuple):
    """A value, and where in the text it ends."""

    value: Any
    end: int


class Broken(ValueError):  # noqa: N818
    """No value stands there.

    Attributes:
        at: where in the text it fails.
        begun: a key and its colon, an item of a list, or too many brackets were read: it is no bracket in prose.
        unfinished: the text ends within the value, and nothing is wrong with it up to there.
    """

    def __init__(self, at: int, begun: bool, unfinished: bool) -> None:
        super().__init__(f"no JSON at {at}")
        self.at = at
        self.begun = begun
        self.unfinished = unfinished


def read_value(text: str, start: int = 0) -> Parsed:
    """The value that starts there; a :class:`Broken` if there is none. Numbers are finite, keys unique."""
    if _PLAIN.match(text, start):
        try:
            return Parsed(*_STRICT.raw_decode(text, start))
        except (ValueError, RecursionError):
            pass
    reader = _Reader(text, start)
    return Parsed(reader.value(0), reader.at)


class _Reader:
    """Recursive descent over RFC 8259's grammar with what the module names."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.at = at
        self._begun = False

    def value(self, depth: int) -> Any:
        self._skip()
        if depth > _MAX_NESTING:
            raise Broken(self.at, begun=True, unfinished=False)
        opening = self._text[self.at : self.at + 1]
        if opening in ("{", "["):
            self.at += 1
            return self._object(depth) if opening == "{" else self._array(depth)
        return self._string() if opening in _STRINGS else self._word()

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not self._take("}"):
            self._skip()
            key = self._string() if self._text[self.at : self.at + 1] in _STRINGS else self._match(_KEY)
            if not self._take(":"):
                self._fail()
            self._begun = True
            value = self.value(depth + 1)
            if found.setdefault(key, value) != value:
                self._fail()
            if not self._take(","):
                if not self._take("}"):
                    self._fail()
                break
        return found

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while not self._take("]"):
            found.append(self.value(depth + 1))
            self._begun = True
            if not self._take(","):
                if not self._take("]"):
                    self._fail()
                break
        return found

    def _string(self) -> str:
        match = _STRINGS[self._text[self.at]].match(self._text, self.at)
        if match is None:
            raise Broken(len(self._text), self._begun, unfinished=True)
        content = _QUOTE.sub(lambda found: {"'": "'", None: '\\"'}.get(found[1], found[0]), match[1])
        try:
            text: str = json.loads(f'"{content}"', strict=False)
        except ValueError:
            self._fail()
        self.at = match.end()
        return text

    def _word(self) -> Any:
        start = self.at
        word = self._match(_WORD)
        if word in _WORDS and self.at < len(self._text):
            return _WORDS[word]
        number = _NUMBER.fullmatch(word)
        try:
            value = None if number is None else _finite(word) if number[1] or number[2] else int(word)
        except ValueError:  # infinite, or an integer of thousands of digits
            value = None
        if value is None:
            self.at = start
            self._fail()
        return value

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self.at)
        if match is None:
            self._fail()
        self.at = match.end()
        return match[0]

    def _take(self, sign: str) -> bool:
        self._skip()
        taken = self._text.startswith(sign, self.at)
        self.at += taken
        return taken

    def _skip(self) -> None:
        self.at = _SPACE.match(self._text, self.at).end()  # type: ignore[union-attr]
        while self._text.startswith("/*", self.at):
            closed = self._text.find("*/", self.at + 2)
            self.at = len(self._text) if closed < 0 else closed + 2
            self.at = _SPACE.match(self._text, self.at).end()  # type: ignore[union-attr]

    def _fail(self) -> NoReturn:
        rest = _WORD.match(self._text, self.at)
        raise Broken(self.at, self._begun, unfinished=(rest.end() if rest else self.at) == len(self._text))


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(number)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if found.setdefault(key, value) != value:
            raise ValueError(key)
    return found


_STRICT = json.JSONDecoder(strict=False, object_pairs_hook=_unique, parse_float=_finite, parse_constant=_finite)
