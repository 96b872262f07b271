"""The seam between diffex and whatever proposes the attributes of a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from diffex_cli.core.hierarchy import Corpus


class Provider(Protocol):
    """Proposes a hierarchy of attributes.

    Constructed from a :class:`~diffex_cli.core.registry.Spec`, cheaply. Bad options raise
    :class:`~diffex_cli.core.errors.UsageError` at construction.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """What the hierarchy was made with, for its provenance; plain values, no secrets."""
        ...

    def corpus(self, domain: str) -> Corpus:
        """The hierarchy of a domain; a UsageError if there is none, or not without a change by the user."""
        ...
