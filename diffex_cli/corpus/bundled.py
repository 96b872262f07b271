"""The provider ``bundled``: the hierarchies that come with diffex."""

from __future__ import annotations

from collections.abc import Mapping

from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.registry import Spec


class BundledProvider:
    """Reads a bundled domain's hierarchy."""

    def __init__(self, spec: Spec) -> None:
        """Take the spec ``bundled``, which has no model and no options.

        Raises:
            UsageError: it has one.
        """
        if spec.model or spec.options:
            raise UsageError(f"{spec.text!r}: the corpus provider 'bundled' takes nothing after its name")

    @property
    def settings(self) -> Mapping[str, object]:
        """Only the provider's name."""
        return {"provider": "bundled"}

    def corpus(self, domain: str) -> Corpus:
        """The bundled hierarchy of a domain.

        Raises:
            UsageError: there is none; the text lists the domains that there are.
        """
        from diffex_cli.artifacts.corpus_yaml import read_corpus

        if domain not in domains.names():
            raise UsageError(
                f"no hierarchy of the domain {domain!r} comes with diffex (there are: {', '.join(domains.names())}); "
                "give your own with --corpus-file FILE.yaml, or have one made with --provider anthropic or openai:MODEL"
            )
        return read_corpus(domains.corpus_file(domain))
