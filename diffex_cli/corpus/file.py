"""The provider ``file``: a hierarchy of one's own, written by hand or by a program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from diffex_cli.corpus.hierarchy import Corpus
from diffex_cli.errors import UsageError
from diffex_cli.registry import Spec


class FileProvider:
    """Reads the hierarchy from the YAML file that the spec names, ``file:PATH``."""

    def __init__(self, spec: Spec) -> None:
        """Take the spec.

        Raises:
            UsageError: it names no file.
        """
        # Everything after the name is the path, which may hold colons and equals signs.
        path = spec.text.partition(":")[2]
        if not path:
            raise UsageError(
                "the corpus provider 'file' needs a file: give --corpus-file FILE.yaml, or --provider file:FILE.yaml"
            )
        self._file = Path(path).expanduser()

    @property
    def settings(self) -> Mapping[str, object]:
        """The provider's name and the file's name, without its folder."""
        return {"provider": "file", "file": self._file.name}

    def corpus(self, domain: str) -> Corpus:
        """The file's hierarchy.

        Raises:
            UsageError: the file is missing or wrong, or is of another domain.
        """
        from diffex_cli.corpus.yaml_io import read_corpus

        corpus = read_corpus(self._file)
        if corpus.domain != domain:
            raise UsageError(
                f"{self._file} is a hierarchy of the domain {corpus.domain!r}, not {domain!r}: "
                f"give --domain {corpus.domain!r}, or change 'domain:' in the file"
            )
        return corpus
