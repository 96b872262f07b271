"""The providers that need no model."""

from pathlib import Path

import pytest

from diffex_cli.artifacts.corpus_yaml import write_corpus
from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.registry import CORPUS_PROVIDERS, find, parse_spec
from diffex_cli.corpus.file import BundledProvider, FileProvider

CORPUS = Corpus("faces", (Node("eyes", "eyes", "eyes"),))


def test_the_registry_finds_both() -> None:
    assert find(CORPUS_PROVIDERS, "bundled") is BundledProvider
    assert find(CORPUS_PROVIDERS, "file") is FileProvider


def test_bundled_reads_the_domains_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "corpus.yaml"
    file.write_text(write_corpus(CORPUS, {}), encoding="utf-8")
    monkeypatch.setattr(domains, "corpus_file", lambda domain: file)
    provider = BundledProvider(parse_spec("bundled"))
    assert provider.corpus("birds") == CORPUS
    assert provider.settings == {"provider": "bundled"}


def test_bundled_says_what_there_is() -> None:
    with pytest.raises(UsageError, match=r"no hierarchy of the domain 'x' .*there are: birds.*--corpus-file"):
        BundledProvider(parse_spec("bundled")).corpus("x")
    with pytest.raises(UsageError, match="takes nothing after its name"):
        BundledProvider(parse_spec("bundled:birds"))


def test_file_reads_a_file_of_any_name(tmp_path: Path) -> None:
    file = tmp_path / "a:b=c.yaml"
    file.write_text(write_corpus(CORPUS, {}), encoding="utf-8")
    provider = FileProvider(parse_spec(f"file:{file}"))
    assert provider.corpus("faces") == CORPUS
    assert provider.settings == {"provider": "file", "file": "a:b=c.yaml"}


def test_file_refuses_another_domain_and_a_missing_file(tmp_path: Path) -> None:
    file = tmp_path / "faces.yaml"
    file.write_text(write_corpus(CORPUS, {}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"of the domain 'faces', not 'birds': give --domain 'faces'"):
        FileProvider(parse_spec(f"file:{file}")).corpus("birds")
    with pytest.raises(UsageError, match="No such file"):
        FileProvider(parse_spec("file:nowhere.yaml")).corpus("birds")
    with pytest.raises(UsageError, match="needs a file: give --corpus-file"):
        FileProvider(parse_spec("file"))
