"""Reading the options of a classifier's spec, with one sentence for whatever is wrong with one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, did_you_mean


def check_names(spec: Spec, known: Sequence[str]) -> None:
    """Refuse options that do not exist.

    Raises:
        UsageError: there is one.
    """
    for option in spec.options:
        if option not in known:
            raise UsageError(f"{spec.text!r}: unknown option {option!r}{did_you_mean(option, tuple(known))}")


def whole_number(spec: Spec, option: str, default: int) -> int:
    """A whole number of at least 1.

    Raises:
        UsageError: it is something else.
    """
    text = spec.options.get(option, str(default))
    if not (text.isascii() and text.isdecimal()) or int(text) < 1:
        raise UsageError(f"{spec.text!r}: {option} must be a whole number of at least 1, not {text!r}")
    return int(text)


def choice(spec: Spec, option: str, values: Sequence[str]) -> str | None:
    """One of a few words; ``None`` if the option is not given.

    Raises:
        UsageError: it is another word.
    """
    text = spec.options.get(option)
    if text is not None and text not in values:
        raise UsageError(
            f"{spec.text!r}: {option} must be one of {', '.join(values)}, not {text!r}"
            f"{did_you_mean(text, tuple(values)).split(';')[0]}"
        )
    return text


def numbers(spec: Spec, option: str) -> tuple[float, ...] | None:
    """Finite numbers with ``/`` between them, as in ``0.5/0.5/0.5``; ``None`` if the option is not given.

    Raises:
        UsageError: one is no finite number.
    """
    text = spec.options.get(option)
    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.split("/"))
    except ValueError:
        values = (math.nan,)
    if not all(map(math.isfinite, values)):
        raise UsageError(f"{spec.text!r}: {option} must be numbers with / between them, not {text!r}")
    return values


def model_file(spec: Spec, example: str) -> Path:
    """The file that the spec's model names.

    Args:
        spec: the spec.
        example: what a right one looks like, for the error.

    Raises:
        UsageError: none is named, or it is not there.
    """
    if not spec.model:
        raise UsageError(f"{spec.text!r} names no model: write {example}")
    return _existing(spec, Path(spec.model).expanduser())


def option_file(spec: Spec, option: str) -> Path | None:
    """The file that an option names; ``None`` if the option is not given.

    Raises:
        UsageError: it is not there.
    """
    text = spec.options.get(option)
    return None if text is None else _existing(spec, Path(text).expanduser())


def _existing(spec: Spec, path: Path) -> Path:
    if not path.is_file():
        raise UsageError(f"{spec.text!r}: there is no file {path}")
    return path
