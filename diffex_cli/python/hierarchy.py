"""The attributes that a Python program may name or hand over."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.artifacts.files import write_text
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus
from diffex_cli.core.registry import did_you_mean
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.corpus.file import parse_hierarchy, read_hierarchy

AnyCorpus: TypeAlias = Corpus | str | Path | Mapping[str, Any] | Sequence[Any]

_DOMAIN = "pictures"
"""The domain of a hierarchy that names none."""


@dataclasses.dataclass(frozen=True, slots=True)
class Attributes:
    """The settings that say where the stage ``corpus`` finds a hierarchy."""

    domain: str
    provider: str
    corpus_file: Path | None = None


def as_corpus(given: AnyCorpus, folder: Path) -> Attributes:
    """A hierarchy as the stage ``corpus`` takes it.

    Args:
        given: a bundled domain's name, a file, or the hierarchy itself.
        folder: where the latter is written to.

    Raises:
        UsageError: it is none of these, or a wrong one.
    """
    if isinstance(given, str) and given in domains.names():
        return Attributes(given, "bundled")
    if isinstance(given, str | Path):
        file = typed_path(given)
        if not file.is_file():
            known = did_you_mean(str(given), domains.names())
            raise UsageError(f"corpus {str(given)!r} is neither a file nor the name of a bundled domain{known}")
        return Attributes(read_hierarchy(file, _DOMAIN).domain, "file", file)
    corpus = given if isinstance(given, Corpus) else _nested(given)
    text = write_corpus(corpus, {})
    parse_corpus(text, "corpus")  # complains of ids that are no paths of slugs, and the like
    write_text(folder / "hierarchy.yaml", text)
    return Attributes(corpus.domain, "file", folder / "hierarchy.yaml")


def _nested(given: object) -> Corpus:
    """A hierarchy as a JSON file would have it; without ``categories``, or as a list, it is the categories."""
    if isinstance(given, Mapping):
        given = dict(given)
        if not {"categories", "schema"} & given.keys():
            given = {"categories": given}
    elif isinstance(given, list | tuple):
        given = {"categories": given}
    else:
        raise UsageError(
            f"corpus is {given!r:.80}: give a domain's name, a file, a Corpus, or names in lists and dictionaries"
        )
    try:
        text = json.dumps(given)
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"corpus must consist of texts, lists and dictionaries: {error}") from None
    return parse_hierarchy(text, "corpus", _DOMAIN)
