"""``diffex doctor``: what this machine offers."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from diffex_cli.commands import options
from diffex_cli.commands.output import Column, Output

if TYPE_CHECKING:
    from diffex_cli.diagnosis import Diagnosis

_MISSING = "–"


def doctor(json: options.Json = False, quiet: options.Quiet = False) -> None:
    """Show versions, devices, memory, disk, models, packages, and whether API keys are set."""
    from diffex_cli.diagnosis import diagnose

    found = diagnose()
    data = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    rows = _rows(found)
    Output(json=json, quiet=quiet).table(
        data,
        [Column("what"), Column("found")],
        rows,
        quiet="\n".join(f"{name}: {text}" for name, text in rows),
    )


def _rows(found: Diagnosis) -> list[tuple[str, str]]:
    return [
        ("diffex", found.diffex or _MISSING),
        ("Python", found.python),
        ("system", found.system),
        ("devices", ", ".join(found.devices) or "none: torch cannot be loaded"),
        ("threads", f"{found.threads or _MISSING} of {found.processors or _MISSING} processors"),
        ("memory", f"{_gigabytes(found.memory_free)} free of {_gigabytes(found.memory_total)}"),
        ("disk", f"{_gigabytes(found.disk_free)} free"),
        ("birds models", ", ".join(found.birds_models) or "none"),
        ("hub cache", str(found.hub_cache)),
        ("hub models", ", ".join(found.hub_models) or "none"),
        *((name, text or "not installed") for name, text in found.packages.items()),
        *((name, "set" if is_set else "not set") for name, is_set in found.keys.items()),
    ]


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
