"""Parsers of raw values, as flags, variables and YAML files give them.

Each returns the value or raises ``ValueError`` with the end of a sentence that begins with the value's place.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias, cast, get_args
from urllib.parse import urlsplit

from diffex_cli.core.errors import SecretError, UsageError
from diffex_cli.core.printable import one_line_of
from diffex_cli.core.registry import did_you_mean, parse_spec
from diffex_cli.core.secrets import REMEDY, secret_in
from diffex_cli.core.typed_paths import expanded

Parser: TypeAlias = Callable[[object], object]

LARGEST_COUNT = 10**9
LARGEST_SEED = 2**63 - 1
"""What a file's whole numbers hold, and every library's generator of random numbers takes."""
LARGEST_NUMBER = 1e12
"""Of what is measured or paid: a square or a sum of many is still finite."""

LONGEST_NAME = 60
"""Characters of a name for people: a title holds it."""

_SWITCHES = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("must be text (in YAML, put it in quotes)")
    if not str(value).strip():
        raise ValueError("must not be empty")
    return str(value)


def texts(value: object) -> tuple[str, ...]:
    """One text or a list of them."""
    return tuple(text(item).strip() for item in (value if isinstance(value, list | tuple) else [value]))


_DEVICE = re.compile(r"(auto|cpu|cuda|mps|xpu|hpu|npu|mtia|xla|meta)(:\d+)?|cuda:all")


def devices(value: object) -> str:
    """Names of devices with commas between; whether they are there shows when one is used."""
    given = text(value)
    for each in given.split(","):
        if each.strip() and not _DEVICE.fullmatch(each.strip()):
            raise ValueError(f"names no device {each.strip()!r}: write auto, cpu, cuda, cuda:1 or mps")
    return given


def name(value: object) -> str:
    """One line of printable characters; line breaks, control and direction marks become blanks."""
    given = one_line_of(text(value))
    if not given:
        raise ValueError("must not be empty")
    if len(given) > LONGEST_NAME:
        raise ValueError(f"must be at most {LONGEST_NAME} characters long")
    return given


def path(value: object) -> Path:
    if isinstance(value, str | Path):
        return expanded(str(value))
    return expanded(text(value))


def spec(value: object) -> str:
    try:
        return parse_spec(text(value)).text
    except SecretError:
        raise
    except UsageError as error:
        raise ValueError(f"is no spec: {error}") from None


def screen(value: object) -> str:
    return str(value) if value in ("none", "fast") else spec(value)


def region(value: object) -> str:
    return str(value) if value == "none" else spec(value)


def sources(value: object) -> tuple[str, ...]:
    """One source or a list of them; the path of a file or folder that exists becomes absolute."""
    given = [text(item) for item in (value if isinstance(value, list | tuple) else [value])]
    paths = [expanded(source) for source in given]
    found = [str(path.absolute()) if path.exists() else source for path, source in zip(paths, given, strict=True)]
    return tuple(_without_secret(source) for source in found)


def address(value: object) -> str:
    given = _without_secret(text(value))
    try:
        parts = urlsplit(given)
    except ValueError:
        raise ValueError("is no address, such as http://localhost:11434/v1") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("is no address, such as http://localhost:11434/v1")
    return given


def _without_secret(given: str) -> str:
    if secret := secret_in(given):
        raise SecretError(f"an address must not hold {secret}: {REMEDY}")
    return given


def integer(least: int, most: int = LARGEST_COUNT) -> Callable[[object], int]:
    def parse(value: object) -> int:
        try:
            if isinstance(value, bool | float):
                raise TypeError
            number = int(cast(str, value))
        except (TypeError, ValueError):
            raise ValueError("must be a whole number") from None
        if number < least:
            raise ValueError(f"must be at least {least}")
        if number > most:
            raise ValueError(f"must be at most {most}")
        return number

    return parse


def number(least: float) -> Callable[[object], float]:
    def parse(value: object) -> float:
        try:
            if isinstance(value, bool):
                raise TypeError
            number = float(cast(str, value))
        except (TypeError, ValueError):
            raise ValueError("must be a number") from None
        if not math.isfinite(number) or number < least:
            raise ValueError(f"must be a finite number of at least {least:g}")
        if number > LARGEST_NUMBER:
            raise ValueError(f"must be at most {LARGEST_NUMBER:g}")
        return number

    return parse


def share(value: object) -> float:
    found = number(0.0)(value)
    if found > 1:
        raise ValueError("must be a number from 0 to 1")
    return found


def choice(what: str, literal: object) -> Callable[[object], str]:
    """One of the values of a ``Literal``; ``what`` it is, for the sentence."""
    choices: tuple[str, ...] = get_args(literal)

    def parse(value: object) -> str:
        if isinstance(value, bool):
            # YAML reads a bare on and off as true and false
            value = "on" if value else "off"
        if value not in choices:
            raise ValueError(f"is no {what}{did_you_mean(str(value), choices)}")
        return value

    return parse


def switch(value: object) -> bool:
    if str(value).lower() not in _SWITCHES:
        raise ValueError("must be true or false")
    return _SWITCHES[str(value).lower()]


def set_size(value: object) -> int:
    size = integer(0)(value)
    if size == 1:
        raise ValueError("must be 0, for no sets, or at least 2")
    return size
