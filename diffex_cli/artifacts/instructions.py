"""The column ``instructions`` of ``requests.parquet``: what an editor is asked for, as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping

from diffex_cli.artifacts.records import read_record
from diffex_cli.core.hierarchy import Candidate, Term
from diffex_cli.core.plain_files import read_json


@dataclasses.dataclass(frozen=True, slots=True)
class _Instruction:
    id: str
    prompt: str
    remove: bool
    overrides: Mapping[str, float]
    replaces: str = ""


def instructions(candidate: Candidate) -> str:
    """A candidate as JSON."""
    terms = [
        {
            "id": term.node,
            "prompt": term.prompt,
            "remove": term.remove,
            "overrides": dict(term.overrides),
            **({"replaces": term.replaces} if term.replaces else {}),
        }
        for term in candidate.terms
    ]
    return json.dumps(terms, ensure_ascii=False, sort_keys=True)


def parse_instructions(text: str) -> Candidate:
    """The candidate of such JSON.

    Raises:
        UsageError: it is no JSON.
        ValueError: it is not what the column should hold; the text names the key.
    """
    found = read_json(text, "the cell")
    if not isinstance(found, list):
        raise ValueError("they are no list")
    terms = [read_record(_Instruction, one, f"[{place}]") for place, one in enumerate(found)]
    return Candidate(tuple(Term(one.id, one.prompt, one.remove, one.overrides, one.replaces) for one in terms))
