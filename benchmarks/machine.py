"""What a figure was measured on: a timing says nothing without it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import torch

from diffex_cli.artifacts.provenance import git_state


def environment() -> str:
    """Processor, cores, threads, versions, commit and date, as one line of Markdown."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "diffusers", "transformers"))
    git = git_state()
    commit = f"commit {str(git['commit'])[:10]}{' with changes' if git['dirty'] else ''}, " if git else ""
    return (
        f"*{_processor()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads; "
        f"Python {platform.python_version()}, {packages}; {commit}{datetime.now(UTC):%Y-%m-%d}.*"
    )


def _processor() -> str:
    """The processor's own name where the system tells it."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
