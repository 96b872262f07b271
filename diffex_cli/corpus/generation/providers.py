"""The corpus providers that ask a language model."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from diffex_cli.core import registry
from diffex_cli.core.errors import UsageError
from diffex_cli.core.foreign import open_backend
from diffex_cli.core.registry import Spec, parse_spec
from diffex_cli.corpus.base import Provider
from diffex_cli.language_models.base import LanguageModel
from diffex_cli.language_models.providers import ModelProvider, model_of


@dataclasses.dataclass(frozen=True, slots=True)
class AskingProvider:
    """A :class:`~diffex_cli.language_models.providers.ModelProvider` for any language model."""

    language_model: LanguageModel

    @property
    def settings(self) -> Mapping[str, object]:
        return self.language_model.settings


def anthropic(spec: Spec) -> AskingProvider:
    """The provider ``anthropic[:MODEL][:OPTIONS]``."""
    from diffex_cli.language_models.anthropic import AnthropicModel

    return AskingProvider(AnthropicModel(spec))


def openai(spec: Spec) -> AskingProvider:
    """The provider ``openai:MODEL[:OPTIONS]``."""
    from diffex_cli.language_models.openai import OpenAIModel

    return AskingProvider(OpenAIModel(spec))


def transformers(spec: Spec) -> AskingProvider:
    """The provider ``transformers:FOLDER-or-HUB-ID[:OPTIONS]``."""
    from diffex_cli.language_models.transformers import TransformersModel

    return AskingProvider(TransformersModel(spec))


def open_providers(texts: Sequence[str], base_url: str | None = None) -> tuple[Provider | ModelProvider, ...]:
    """Open corpus providers by their specs.

    Args:
        base_url: the address for the model; for ``openai`` if that is among several, since it is the one that other
            programs imitate.

    Raises:
        UsageError: a provider is unknown or its options are bad, or none of them takes an address.
    """
    specs = [parse_spec(text) for text in texts]
    if base_url is not None:
        specs = _addressed(specs, base_url)
    return tuple(open_backend(registry.CORPUS_PROVIDERS, spec) for spec in specs)


def open_model(text: str, base_url: str | None = None) -> LanguageModel:
    """The language model of a corpus provider; a UsageError if it is unknown, its options are bad, or it has none."""
    (provider,) = open_providers([text], base_url)
    remedy = "--provider anthropic, openai:MODEL or transformers:FOLDER-OR-HUB-ID"
    return model_of(provider, f"the corpus provider {text!r}", remedy)


def _addressed(specs: Sequence[Spec], base_url: str) -> list[Spec]:
    names = {spec.name for spec in specs} - {"bundled", "file"}
    if not names:
        raise UsageError("--base-url goes with a provider that asks a language model: give --provider openai:MODEL")
    chosen = {"openai"} if "openai" in names else names
    return [
        dataclasses.replace(spec, options={"base_url": base_url, **spec.options}) if spec.name in chosen else spec
        for spec in specs
    ]
