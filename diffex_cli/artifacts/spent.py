"""What the verifiers of a run were paid so far: ``seen/spent.json``, ``diffex.spent/1``."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.files import write_text
from diffex_cli.core.errors import UsageError
from diffex_cli.core.inside import is_file
from diffex_cli.core.plain_files import read_plain_file

SPENT_SCHEMA = "diffex.spent/1"


@dataclasses.dataclass(frozen=True, slots=True)
class Spent:
    """Of one verifier: how many questions it was asked, and the tokens that they took, cached ones among the input."""

    questions: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0


def read_spent(run: Path, verifier: str) -> Spent:
    """What a verifier took in this run, by its fingerprint; nothing if the file is torn or foreign."""
    kept = _verifiers(run).get(verifier)
    names = [field.name for field in dataclasses.fields(Spent)]
    counts = [kept.get(name) for name in names] if isinstance(kept, dict) else []
    if not counts or not all(type(count) is int and count >= 0 for count in counts):
        return Spent()
    return Spent(**dict(zip(names, counts, strict=True)))  # type: ignore[arg-type]


def write_spent(run: Path, verifier: str, spent: Spent, model: Mapping[str, object]) -> None:
    """Keep what it took, with the settings of the model that it asks, for people."""
    kept = _verifiers(run) | {verifier: {"model": dict(model), **dataclasses.asdict(spent)}}
    write_text(_file(run), json.dumps({"schema": SPENT_SCHEMA, "verifiers": kept}, indent=1) + "\n")


def _verifiers(run: Path) -> dict[str, Any]:
    try:
        content = read_plain_file(_file(run), "what verifiers took") if is_file(_file(run)) else {}
        verifiers = content.get("verifiers") if content.get("schema") == SPENT_SCHEMA else {}
    except (UsageError, AttributeError):
        return {}
    return verifiers if isinstance(verifiers, dict) else {}


def _file(run: Path) -> Path:
    return run / "seen" / "spent.json"
