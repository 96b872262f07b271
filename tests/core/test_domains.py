"""The bundled domains."""

from pathlib import Path

import pytest

from diffex_cli.core import domains
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec


def test_birds_is_bundled_with_defaults() -> None:
    assert "birds" in domains.names()
    assert domains.defaults("birds") == {
        "editor": "ledits:birds",
        "classifier": "birds:species",
        "verifier": "birds:probe",
        "n_images": 16,
        "target": None,
        "perceptual": "birds",
    }
    for key in ("editor", "classifier"):
        parse_spec(str(domains.defaults("birds")[key]))


def test_every_file_in_the_folder_is_a_domain_with_a_hierarchy_only() -> None:
    folder = Path(domains.__file__).parents[1] / "corpus" / "bundled_domains"
    files = {file.stem: file for file in folder.glob("*.yaml")}
    assert domains.names() == tuple(sorted({"birds", *files}))
    for name, file in files.items():
        assert domains.corpus_file(name) == file
        assert domains.defaults(name) == {}
        assert domains.samples(name) is None


def test_samples_are_pictures_in_order() -> None:
    samples = domains.samples("birds")
    assert samples is None or (list(samples) == sorted(samples) and all(file.suffix == ".png" for file in samples))


@pytest.mark.parametrize("ask", [domains.defaults, domains.samples, domains.corpus_file])
def test_an_unknown_domain_is_named_with_a_suggestion(ask: object) -> None:
    with pytest.raises(UsageError, match=r"no bundled domain 'bird' \(did you mean 'birds'\?\); there are: birds, "):
        ask("bird")  # type: ignore[operator]
