"""One reader of a spec's model and its ``key=value`` options, for editors, classifiers and language models alike.

The options are the fields of a dataclass, each made by one of the functions here, which says what may be given for it::

    @dataclasses.dataclass(frozen=True)
    class Options:
        steps: int = whole(20, 1, 999)
        mask: str = choice("none", ("none", "both"))

    options = read_options(spec, Options())
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import HOW_TO_QUOTE, Spec, did_you_mean
from diffex_cli.core.typed_paths import typed_path

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")
_KIND = "kind"
_DIGITS = 18
"""Of a whole number: longer ones fit no file."""
_SWITCH: Mapping[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """What may be given for an option.

    Attributes:
        wanted: in words, as in "must be …".
        parse: makes the value of the text; a ValueError means that it is not what is wanted.
        choices: all texts that there are, if they can be listed.
        range: least and largest value of a number.
    """

    wanted: str
    parse: Callable[[str], Any]
    choices: tuple[str, ...] = ()
    range: tuple[float, float] | None = None


def option(default: Any, wanted: str, parse: Callable[[str], Any], **more: Any) -> Any:
    """A field of a kind of its own; see :class:`Kind`."""
    return dataclasses.field(default=default, metadata={_KIND: Kind(wanted, parse, **more)})


def text(default: str | None = "") -> Any:
    """Any text."""
    return option(default, "a text", str)


def choice(default: str | None, choices: Sequence[str]) -> Any:
    """One of a few words."""
    return option(
        default, f"one of {', '.join(choices)}", {each: each for each in choices}.__getitem__, choices=tuple(choices)
    )


def switch(default: bool) -> Any:
    """``true`` or ``false``, or yes and no, or 1 and 0."""
    return option(default, "true or false", lambda given: _SWITCH[given.lower()])


def whole(default: int | None, least: int = 1, most: float = math.inf) -> Any:
    """A whole number in a range."""
    return _ranged(default, "a whole number", _int, (least, most))


def number(default: float | None, least: float = 0, most: float = math.inf, *, above: bool = False) -> Any:
    """A finite number in a range; ``above`` its least value only."""
    return _ranged(default, "a number", float, (least, most), above)


def _int(text: str) -> int:
    if len(text) > _DIGITS:
        raise ValueError
    return int(text)


def file(default: Path | None = None) -> Any:
    """The path of a file that exists; ``~`` is expanded."""
    return option(default, "a file that exists", _existing)


def read_options(spec: Spec, defaults: T, known: Sequence[str] | None = None) -> T:
    """The spec's options.

    Args:
        spec: as parsed.
        defaults: for what is not given; its fields are the options.
        known: the names of those that there are; all of them if not told.

    Raises:
        UsageError: an option is unknown, or its value not what is wanted; the sentence names spec, option and remedy.
    """
    kinds = _kinds(defaults)
    names = tuple(kinds if known is None else known)
    values: dict[str, Any] = {}
    for key, given in spec.options.items():
        if key not in names:
            hint = "" if spec.model else HOW_TO_QUOTE
            raise UsageError(f"{spec.text!r}: unknown option {key!r}{did_you_mean(key, names)}{hint}")
        kind = kinds[key]
        try:
            values[key] = kind.parse(given)
        except (ValueError, KeyError):
            close = did_you_mean(given, kind.choices).partition(";")[0]
            raise UsageError(f"{spec.text!r}: {key} must be {kind.wanted}, not {given!r}{close}") from None
    return dataclasses.replace(defaults, **values)


def ranges(options: Any, names: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Least and largest value of some numbers among the options."""
    kinds = _kinds(options)
    return {name: found for name in names if name in kinds and (found := kinds[name].range)}


def need_model(spec: Spec, example: str) -> str:
    """The spec's model.

    Raises:
        UsageError: it names none; the sentence gives the example.
    """
    if not spec.model:
        raise UsageError(f"{spec.text!r} names no model: write {example}")
    return spec.model


def _kinds(options: Any) -> Mapping[str, Kind]:
    return {field.name: field.metadata[_KIND] for field in dataclasses.fields(options)}


def _ranged(
    default: float | None, noun: str, convert: Callable[[str], float], bounds: tuple[float, float], above: bool = False
) -> Any:
    least, most = bounds

    def parse(given: str) -> float:
        value = convert(given)
        if not (least <= value <= most and value < math.inf) or (above and value == least):
            raise ValueError
        return value

    up_to = "" if most == math.inf else f" and up to {most:g}" if above else f" to {most:g}"
    begin = f"above {least:g}" if above else f"from {least:g}" if up_to else f"of at least {least:g}"
    return option(default, f"{noun} {begin}{up_to}", parse, range=bounds)


def _existing(given: str) -> Path:
    path = typed_path(given)
    if not path.is_file():
        raise ValueError
    return path
