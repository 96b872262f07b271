"""What makes nodes of YAML, guarded; in C where that makes the same of it.

PyYAML reads a search of a hundred attributes in a quarter of a second, libyaml in a thirtieth. They differ in tabs, in
escapes, in what may stand in brackets and in more, so that libyaml is given only what is plain enough to leave no
doubt, as is what diffex itself writes. Whatever it does not take is read by PyYAML, which says what is wrong.
"""

from __future__ import annotations

import contextlib
import re
from typing import NoReturn

import yaml
from yaml.composer import Composer
from yaml.resolver import Resolver

from diffex_cli.core.plain_json import HALF, MAX_NESTING

try:
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
except ImportError:  # PyYAML was built without libyaml
    CParser = None  # type: ignore[assignment, misc]

_DOUBTFUL = re.compile(
    r"[^\n -~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
    r"|[\\!&*?|>]|^(?:%|---|\.\.\.)|\[(?!\])|\{(?!\})",
    re.MULTILINE,
)
"""Tabs, breaks that are no line feed, escapes, tags, anchors, aliases, complex keys, block scalars, directives, marks
of documents, and brackets with something in them."""


class _Guards(Composer):
    """Composes nodes without aliases, with which a small file can grow exponentially, without deep nesting, and without
    halves of characters."""

    _nesting = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event: yaml.Event = self.peek_event()  # type: ignore[attr-defined]
        if isinstance(event, yaml.AliasEvent):
            self._refuse(event, f"alias *{event.anchor}: write the value out, aliases are not read")
        if isinstance(event, yaml.ScalarEvent) and HALF.search(event.value):
            self._refuse(event, "it holds half of a character: write the whole one")
        if self._nesting == MAX_NESTING:
            self._refuse(event, f"nested more than {MAX_NESTING} deep: make it flatter")
        self._nesting += 1
        node = super().compose_node(parent, index)
        self._nesting -= 1
        return node

    def _refuse(self, event: yaml.Event, problem: str) -> NoReturn:
        raise yaml.composer.ComposerError(None, None, problem, event.start_mark)  # type: ignore[arg-type]


class Loader(_Guards, yaml.SafeLoader):
    """Plain scalars carry the tag of what YAML 1.1 takes them for."""

    line: int


class UntypedLoader(Loader):
    """Leaves every scalar as the text that it is."""

    yaml_implicit_resolvers = {}  # noqa: RUF012


def composed_in_c(text: str, *, typed: bool) -> tuple[yaml.Node | None] | None:
    """The nodes of a document, as the loaders above make them, or none for an empty one; ``None`` if these have to
    look at it."""
    if CParser is None or _DOUBTFUL.search(text):
        return None
    with contextlib.suppress(yaml.YAMLError):
        return ((_InC if typed else _UntypedInC)(text).get_single_node(),)
    return None


if CParser is not None:

    class _InC(_Guards, CParser, Resolver):
        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            Resolver.__init__(self)

    class _UntypedInC(_InC):
        yaml_implicit_resolvers = {}  # noqa: RUF012
