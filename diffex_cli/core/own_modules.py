"""A function of somebody's own module, as a spec names it: ``python:MODULE:CALLABLE``."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.registry import Spec


class OwnCallable:
    """The callable, not imported yet.

    Attributes:
        module: its name.
        name: the callable's, in the module.
        source: the module's file.

    Args:
        example: of a callable's name, for the sentence.

    Raises:
        UsageError: the spec names none, or there is no such module with a source file.
    """

    def __init__(self, spec: Spec, example: str) -> None:
        self.module, _, self.name = spec.model.partition(":")
        if not (self.name.isidentifier() and all(part.isidentifier() for part in self.module.split("."))):
            raise UsageError(f"{spec.text!r}: write python:MODULE:CALLABLE, such as python:{example}")
        self._spec = spec.text
        self.source = _find_source(self.module, spec.text)

    def imported(self) -> tuple[ModuleType, Callable[..., Any]]:
        """The module and its callable.

        Raises:
            UsageError: the module cannot be imported, or has none of that name.
        """
        try:
            module = importlib.import_module(self.module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise UsageError(
                f"{self._spec!r}: {self.source} cannot be imported: {type(error).__name__}: {one_line(error)}"
            ) from error
        function = getattr(module, self.name, None)
        if not callable(function):
            raise UsageError(f"{self._spec!r}: {self.source} defines no callable {self.name!r}")
        return module, function


def _find_source(module: str, spec: str) -> Path:
    """The module's source file."""
    here = str(Path.cwd())
    if here not in sys.path:
        # At the end: a file in the current folder must not replace one that diffex itself imports.
        sys.path.append(here)
    try:
        found = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        found = None
    if found is None:
        raise UsageError(f"{spec!r}: there is no module {module!r}, neither installed nor in {here}")
    if not found.has_location or found.origin is None:
        raise UsageError(f"{spec!r}: the module {module!r} has no source file: name a module of your own")
    return Path(found.origin)
