"""Why an attribute is where it is, from the files of a finished search."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean

_SHOWN = 20


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """One attribute's story.

    Attributes:
        candidate: its id; that of the node if the search never tried it.
        text: one to four sentences.
    """

    candidate: str
    text: str


def explain(path: Path, wanted: str) -> Explanation:
    """Say why an attribute is where it is. Reads ``search.yaml`` and ``corpus.yaml``, nothing else.

    Args:
        path: the run directory.
        wanted: a candidate's id, a node's id, or a name.

    Raises:
        IncompleteError: nothing was searched yet.
        UsageError: there is no such attribute.
    """
    run = RunDirectory(path)
    search = run.search()
    tried: dict[str, dict[str, Any]] = {
        one["candidate"]: one for level in search["levels"] for one in level["candidates"]
    }
    tried |= {one["candidate"]: one for one in search.get("joint") or ()}
    screened = {one["candidate"]: one for one in (search.get("screening") or {}).get("candidates", ())}
    left_out = {id: one for id, one in screened.items() if not one["survived"]}
    nodes = {node.id: node for node in run.corpus().walk()}
    named = {str(one["name"]): id for id, one in (left_out | tried).items()}
    for id in (wanted, f"-{wanted}", named.get(wanted, wanted)):
        if id in tried:
            return Explanation(id, " ".join(_tried(tried[id], search, tried)))
        if id in left_out:
            return Explanation(id, _screened_out(left_out[id], search))
    names = {node.name: node.id for node in nodes.values()}
    node = wanted if wanted in nodes else names.get(wanted)
    if node is None:
        known = tuple(dict.fromkeys([*tried, *nodes]))[:_SHOWN]
        raise UsageError(f"--explain {wanted!r}: the search knows no such attribute{did_you_mean(wanted, known)}")
    return Explanation(node, " ".join(_never(node, search, tried, screened)))


def _tried(one: Mapping[str, Any], search: Mapping[str, Any], tried: Mapping[str, Any]) -> Iterator[str]:
    kept = "kept" if one["status"] == "kept" else "not kept"
    figure = (
        "could not be measured" if one["effect"] is None else f"changes {search['target']!r} by {one['effect']:+.3g}"
    )
    interval = "" if one["low"] is None else f" ({one['low']:+.3g} … {one['high']:+.3g})"
    # written by an earlier version, or by another program
    images = one.get("images") or one["n"]
    yield f"{one['name']!r} {figure}{interval} on {one['n']} images and was {kept}: {one['reason']}."
    if images < search["images"] - len(search.get("held_out") or ()):
        how = "for certain" if one.get("decided") else "by the best estimate there was"
        yield f"It was tried on {images} images only, which decided it {how}."
    if one.get("parts"):
        yield (
            f"One by one its attributes sum up to {_number(one['sum'])}, so that their interaction is "
            f"{_number(one['interaction'])} ({_number(one['interaction_low'])} … {_number(one['interaction_high'])})."
        )
    elif one.get("expanded"):
        below = sum(other.get("parent") == one["candidate"] for other in tried.values())
        yield f"The search went on into the {below} attributes below it."
    if one["status"] == "kept":
        yield from _claims(one)


def _claims(one: Mapping[str, Any]) -> Iterator[str]:
    p = one.get("p_corrected")
    if p is not None:
        yield (
            f"Corrected for all that was tried, its p-value is {p:.2g}: "
            + ("it passed." if one.get("passed") else "it did not pass.")
        )
    held = one.get("holdout")
    if held is not None and held["effect"] is not None:
        word = "confirms" if held["confirmed"] else "does not confirm"
        effect = f"changes it by {held['effect']:+.3g}"
        yield f"On {held['n']} images that the search did not use it {effect}, which {word} it."


def _screened_out(one: Mapping[str, Any], search: Mapping[str, Any]) -> str:
    editor = search["screening"]["editor"]["spec"]
    figure = (
        "could not be measured" if one["effect"] is None else f"changes {search['target']!r} by {one['effect']:+.3g}"
    )
    return (
        f"{one['name']!r} was left out by the screening with {editor}, in whose edits it {figure} on {one['n']} "
        f"images: {one['reason']}. The editor {search['editor']['spec']} was not asked for it."
    )


def _never(
    node: str, search: Mapping[str, Any], tried: Mapping[str, Any], screened: Mapping[str, Any]
) -> Iterator[str]:
    """Of a node that was not reached: the nearest one above it that was."""
    yield f"{node!r} was never tried."
    parts = node.split("/")
    for end in range(len(parts) - 1, 0, -1):
        above = "/".join(parts[:end])
        for id in (above, f"-{above}"):
            stopped = id in screened and screened[id]["n"] and not screened[id]["expanded"]
            if id not in tried and not stopped:
                continue
            if search["max_depth"] is not None and end > search["max_depth"]:
                yield f"The search went {search['max_depth']} levels below the roots (--max-depth)."
            elif stopped:
                yield f"The screening did not go below {id!r}: {screened[id]['reason']}."
            elif tried[id]["expanded"]:
                yield "It is not in the hierarchy that was searched; run `diffex search` again."
            else:
                yield f"The search did not go below {id!r}: {tried[id]['reason']}."
            return
    yield "It is not in the hierarchy that was searched; run `diffex search` again."


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3g}"
