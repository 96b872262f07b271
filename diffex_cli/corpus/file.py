"""The providers ``bundled``, the hierarchies that come with diffex, and ``file``, one of your own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.registry import Spec
from diffex_cli.core.typed_paths import typed_path


def read_hierarchy(file: Path, domain: str) -> Corpus:
    """Read a hierarchy, ``diffex.corpus/1`` as YAML or the nested JSON of the paper's public code.

    Args:
        domain: taken if the file names none, which only the latter may.

    Raises:
        UsageError: it cannot be read, or is neither.
    """
    from diffex_cli.artifacts.corpus_yaml import read_text

    return parse_hierarchy(read_text(file), str(file), domain)


def parse_hierarchy(text: str, source: str, domain: str) -> Corpus:
    """The same of a text; ``source`` names it in errors."""
    from diffex_cli.artifacts.corpus_yaml import parse_corpus
    from diffex_cli.corpus.nested_json import is_nested_json, parse_nested_json

    return parse_nested_json(text, source, domain) if is_nested_json(text) else parse_corpus(text, source).corpus


class FileProvider:
    """Reads the hierarchy from the file that the spec names, ``file:PATH``: YAML, or the paper's nested JSON."""

    def __init__(self, spec: Spec) -> None:
        # Everything after the name is the path, which may hold colons and equals signs.
        path = spec.text.partition(":")[2]
        if not path:
            raise UsageError(
                "the corpus provider 'file' needs a file: give --corpus-file FILE.yaml, or --provider file:FILE.yaml"
            )
        self._file = typed_path(path)

    @property
    def settings(self) -> Mapping[str, object]:
        """The provider's name and the file's, without its folder."""
        return {"provider": "file", "file": self._file.name}

    def corpus(self, domain: str) -> Corpus:
        """The file's hierarchy, which has to be of that domain."""
        corpus = read_hierarchy(self._file, domain)
        if corpus.domain != domain:
            raise UsageError(
                f"{self._file} is a hierarchy of the domain {corpus.domain!r}, not {domain!r}: "
                f"give --domain {corpus.domain!r}, or change 'domain:' in the file"
            )
        return corpus


class BundledProvider:
    """The hierarchies that come with diffex; the spec ``bundled`` has no model and no options."""

    def __init__(self, spec: Spec) -> None:
        if spec.model or spec.options:
            raise UsageError(f"{spec.text!r}: the corpus provider 'bundled' takes nothing after its name")

    @property
    def settings(self) -> Mapping[str, object]:
        return {"provider": "bundled"}

    def corpus(self, domain: str) -> Corpus:
        from diffex_cli.artifacts.corpus_yaml import read_corpus

        if domain not in domains.names():
            raise UsageError(
                f"no hierarchy of the domain {domain!r} comes with diffex (there are: {', '.join(domains.names())}); "
                "give your own with --corpus-file FILE.yaml, or have one made with --provider anthropic or openai:MODEL"
            )
        return read_corpus(domains.corpus_file(domain))
