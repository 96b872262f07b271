"""A hierarchy of attributes as a tree for people, and as nested data for programs."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from diffex_cli.commands.output import console
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.printable import printable

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

_LONGEST_PLACE = 60


def as_data(node: Node, depth: int | None, grown: Collection[str]) -> dict[str, object]:
    """A node and the ``depth - 1`` levels below it, with all keys; ``below`` counts all that is under it."""
    deeper = None if depth is None else depth - 1
    return {
        "id": node.id,
        "name": node.name,
        "prompt": node.prompt,
        "remove": node.remove,
        "placebo": node.placebo,
        "overrides": dict(node.overrides),
        "replaces": node.replaces,
        "share": node.share,
        "source": node.source,
        "group": node.group,
        "question": node.question,
        "grown": node.id in grown,
        "below": _below(node),
        "children": [] if deeper == 0 else [as_data(child, deeper, grown) for child in node.children],
    }


def as_tree(corpus: Corpus, depth: int | None, grown: Collection[str]) -> str:
    """The hierarchy's first ``depth`` levels, in colour if stdout is a terminal."""
    from rich.text import Text
    from rich.tree import Tree

    tree = Tree(Text(printable(corpus.domain), style="bold"), guide_style="dim")
    for root in corpus.roots:
        _hang(tree, root, depth, grown)
    screen = console()
    with screen.capture() as capture:
        screen.print(tree)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))


def _hang(tree: Tree, node: Node, depth: int | None, grown: Collection[str]) -> None:
    deeper = None if depth is None else depth - 1
    hidden = _below(node) if deeper == 0 else 0
    branch = tree.add(_label(node, hidden, node.id in grown))
    if deeper != 0:
        for child in node.children:
            _hang(branch, child, deeper, grown)


def _label(node: Node, hidden: int, grown: bool) -> Text:
    from rich.text import Text

    text = Text(printable(node.name))
    if node.prompt != node.name:
        text.append(f" “{printable(node.prompt)}”", style="dim")
    marks = [
        ("removed", "red", node.remove),
        (f"instead of {node.replaces}", "red", bool(node.replaces)),
        ("placebo", "yellow", node.placebo),
        ("grown", "green", grown),
        (f"{(node.share or 0) * 100:.0f} %", "cyan", node.share is not None),
        (_place(node.source), "blue", bool(node.source)),
    ]
    for mark, style, wanted in marks:
        if wanted:
            text.append(f" [{printable(mark)}]", style=style)
    if hidden:
        text.append(f" … {hidden} below", style="dim")
    return text


def _place(source: str) -> str:
    """Of a passage with its place, the place."""
    place = source.partition(": ")[0]
    return place if len(place) <= _LONGEST_PLACE else f"{place[: _LONGEST_PLACE - 1]}…"


def _below(node: Node) -> int:
    return sum(1 for _ in node.walk()) - 1
