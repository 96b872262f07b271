"""A mapping that somebody wrote as a dataclass: every field of its type, or a sentence that names the key."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")
LARGEST = 2**63 - 1


def read_record(kind: type[T], content: object, place: str = "") -> T:
    """A mapping as a dataclass; keys that it does not have are left out.

    Args:
        place: of it in the document, for people.

    Raises:
        ValueError: it is none; the text names the key.
    """
    if not isinstance(content, Mapping):
        raise _wrong(place, "a mapping", content)
    values = {}
    for key, (type_, needed) in _keys(kind).items():  # type: ignore[arg-type]
        value, name = content.get(key), f"{place}.{key}".lstrip(".")
        if value is not None:
            values[key] = _value(type_, value, name)
        elif needed:
            raise ValueError(f"{name} is missing")
    return kind(**values)


@functools.cache
def _keys(kind: Any) -> dict[str, tuple[Any, bool]]:
    """A dataclass's keys, each with its type and whether it has to be there."""
    types = get_type_hints(kind)
    return {
        field.name: (types[field.name], field.default is field.default_factory is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
        if field.metadata.get("key", True)
    }


def _value(kind: Any, value: object, place: str) -> Any:
    """A value as the type of a field has it."""
    if isinstance(kind, UnionType):
        if value is None:
            return None
        kind = kind if kind in _SCALARS else get_args(kind)[0]
    if get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise _wrong(place, "a list", value)
        return tuple(_value(get_args(kind)[0], one, f"{place}[{i}]") for i, one in enumerate(value))
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise _wrong(place, " or ".join(get_args(kind)), value)
        return value
    if dataclasses.is_dataclass(kind):
        return read_record(kind, value, place)  # type: ignore[arg-type]
    if get_origin(kind) is Mapping:
        if not isinstance(value, dict):
            raise _wrong(place, "a mapping", value)
        inner = get_args(kind)[1]
        return value if inner is Any else {key: _value(inner, one, f"{place}.{key}") for key, one in value.items()}
    what, read = _SCALARS[kind]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _wrong(place, what, value) from error


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):  # a class may be called 1
        raise TypeError
    return str(value)


def _float(value: object) -> float:
    # YAML takes 1e-3 for text, since it has no dot
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise TypeError
    return float(value)


def _finite(value: object) -> float:
    if not math.isfinite(number := _float(value)):
        raise ValueError
    return number


def _figure(value: object) -> float | None:
    """What is not known may be NaN; a limit may be infinite."""
    return None if math.isnan(number := _float(value)) else number


def _int(value: object) -> int:
    number = value if type(value) is int else _float(value)
    if not (number == int(number) and 0 <= number <= LARGEST):
        raise ValueError
    return int(number)


def _bool(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError
    return value


_SCALARS: Mapping[Any, tuple[str, Callable[[object], object]]] = {
    str: ("text", _text),
    float: ("a number", _finite),
    float | None: ("a number", _figure),
    int: ("a whole number", _int),
    bool: ("true or false", _bool),
}


def _wrong(place: str, wanted: str, value: object) -> ValueError:
    kinds: dict[type, str] = {dict: "a mapping", list: "a list"}
    found = repr(value[:40]) if isinstance(value, str) else kinds.get(type(value), type(value).__name__)
    if type(value) in (int, float):
        found = f"{value:.6g}"
    return ValueError(f"{place or 'the file'}: {wanted} is expected, not {found}")
