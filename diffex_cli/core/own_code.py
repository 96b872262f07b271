"""A callable in a Python module of somebody's own, as a spec ``python:MODULE:CALLABLE`` names it."""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.registry import Spec


@dataclasses.dataclass(frozen=True, slots=True)
class OwnCode:
    """Where it is; its module may be in the current folder.

    Attributes:
        source: the module's file.
    """

    spec: str
    module: str
    callable: str
    source: Path

    def load(self) -> tuple[ModuleType, Callable[..., Any]]:
        """Import the module; it, and the callable.

        Raises:
            UsageError: it cannot be imported, or has no such callable.
        """
        try:
            module = importlib.import_module(self.module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            raise UsageError(
                f"{self.spec!r}: {self.source} cannot be imported: {type(error).__name__}: {one_line(error)}"
            ) from error
        function = getattr(module, self.callable, None)
        if not callable(function):
            raise UsageError(f"{self.spec!r}: {self.source} defines no callable {self.callable!r}")
        return module, function


def find_own(spec: Spec, example: str) -> OwnCode:
    """Find the module that a spec's model names, without importing it.

    Args:
        example: of a callable, for people.

    Raises:
        UsageError: it names none, or there is none.
    """
    module, _, name = spec.model.partition(":")
    if not (name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise UsageError(f"{spec.text!r}: write python:MODULE:CALLABLE, such as python:my_model:{example}")
    return OwnCode(spec.text, module, name, _source(module, spec.text))


def _source(module: str, spec: str) -> Path:
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
