"""From what a person calls an attribute to the attribute."""

from __future__ import annotations

import difflib

from diffex_cli.corpus.hierarchy import Corpus, Node
from diffex_cli.errors import UsageError

_SHOWN = 5


def find_node(corpus: Corpus, name: str, source: str) -> Node:
    """The attribute of an id, else of a name, else of a prompt; names and prompts in any case.

    Args:
        corpus: where to look.
        name: the words.
        source: the option or line that has them, for errors.

    Raises:
        UsageError: there is none, or the words fit several.
    """
    nodes = list(corpus.walk())
    wanted = _folded(name)
    tiers = (
        [node for node in nodes if node.id == name],
        [node for node in nodes if _folded(node.name) == wanted],
        [node for node in nodes if _folded(node.prompt) == wanted],
    )
    found = next((tier for tier in tiers if tier), [])
    if len(found) > 1:
        ids = [node.id for node in found]
        shown = ", ".join(ids[:_SHOWN]) + (f", … ({len(ids)} in all)" if len(ids) > _SHOWN else "")
        raise UsageError(f"{source}: {name!r} is the name of {len(ids)} attributes: write one of the ids {shown}")
    if not found:
        known = sorted({word for node in nodes for word in (node.id, node.name, node.prompt)})
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise UsageError(f"{source}: the corpus has no attribute {name!r}{hint}; corpus.yaml of the run lists them")
    return found[0]


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
