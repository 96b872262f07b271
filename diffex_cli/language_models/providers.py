"""What has a language model that diffex may ask: an entry point in the group ``diffex.corpus_providers``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from diffex_cli.core.errors import UsageError
from diffex_cli.language_models.base import LanguageModel


@runtime_checkable
class ModelProvider(Protocol):
    """Has a language model instead of a hierarchy, which diffex asks about the domain's pictures.

    Constructed from a :class:`~diffex_cli.core.registry.Spec`, cheaply; bad options raise
    :class:`~diffex_cli.core.errors.UsageError`. The spec's option ``base_url`` may come from ``--base-url``.
    """

    @property
    def settings(self) -> Mapping[str, object]:
        """What the model is, for the hierarchy's provenance; plain values, no secrets."""
        ...

    @property
    def language_model(self) -> LanguageModel:
        """Whom to ask."""
        ...


def model_of(provider: object, who: str, remedy: str) -> LanguageModel:
    """The language model of a provider; a UsageError if it has none, which says who it is and what to give."""
    # `isinstance` would read the settings, too, for which a model may have to look at the hub
    model: LanguageModel | None = getattr(provider, "language_model", None)
    if model is None:
        raise UsageError(f"{who} does not ask a language model: give {remedy}")
    return model
