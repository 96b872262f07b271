"""How an artifact came to be: versions, settings, state of the source. No secrets, no environment."""

from __future__ import annotations

import functools
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_PACKAGES = ("torch", "diffusers", "transformers", "safetensors", "numpy", "pillow", "pyarrow")


def provenance(stage: str, settings: Mapping[str, object]) -> dict[str, object]:
    """The record that goes into every artifact."""
    return {
        "diffex": _version("diffex") or "unknown",
        "stage": stage,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "platform": platform.platform(terse=True),
        "git": git_state(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "settings": dict(settings),
    }


def authors(provenance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The settings of the language models that wrote a hierarchy, or a part of it, as far as its provenance tells."""
    made = provenance.get("settings")
    made = made if isinstance(made, dict) else {}
    found = [made, *_listed(made.get("further")), *_listed(made.get("authors"))]
    found += [step.get("settings") for step in _listed(provenance.get("grown")) if isinstance(step, dict)]
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("model"), str)]


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


@functools.cache
def git_state() -> dict[str, object] | None:
    """Commit and dirtiness of the checkout that diffex runs from; ``None`` if it runs from none."""
    git, here = shutil.which("git"), Path(__file__)
    if git is None:
        return None

    def ask(*arguments: str) -> str:
        return subprocess.run(  # noqa: S603 - fixed arguments
            [git, *arguments],
            cwd=here.parent,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        ).stdout.strip()

    try:
        # An installed copy may lie inside somebody's own repository, whose commit says nothing about diffex.
        ask("ls-files", "--error-unmatch", here.name)
        return {"commit": ask("rev-parse", "HEAD"), "dirty": bool(ask("status", "--porcelain", "-uno", ":/"))}
    except (OSError, subprocess.SubprocessError):
        return None


@functools.cache
def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
