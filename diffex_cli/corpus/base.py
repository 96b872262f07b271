"""The seam between diffex and whatever proposes the attributes of a domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from diffex_cli.core.hierarchy import Corpus
from diffex_cli.language_models.base import LanguageModel


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


@runtime_checkable
class ModelProvider(Protocol):
    """Has a language model instead, which diffex asks about the domain's pictures.

    Constructed like a :class:`Provider`. The spec's option ``base_url`` may come from ``--base-url``.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """What the model is, for the hierarchy's provenance; plain values, no secrets."""
        ...

    @property
    def language_model(self) -> LanguageModel:
        """Whom to ask."""
        ...
