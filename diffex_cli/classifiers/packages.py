"""Optional packages, which a user may not have."""

from __future__ import annotations

import importlib
from types import ModuleType

from diffex_cli.core.errors import UsageError, one_line
from diffex_cli.core.registry import Spec


def require(package: str, extra: str, spec: Spec) -> ModuleType:
    """Import a package. ``extra``: diffex's extra that installs it."""
    try:
        return importlib.import_module(package)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"{spec.text!r} needs the package {error.name or package}: pip install 'diffex[{extra}]'"
        ) from None
    # Torchvision raises RuntimeError when its compiled operators do not fit torch.
    except (ImportError, OSError, RuntimeError) as error:
        raise UsageError(
            f"{spec.text!r} needs the package {package}, which is installed but cannot be imported "
            f"({one_line(error, 150)}): install torch and torchvision together, of one build"
        ) from error
