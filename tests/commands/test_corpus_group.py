"""``diffex corpus`` is a command and a group of commands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from diffex_cli.commands import corpus
from diffex_cli.commands.main import app
from diffex_cli.core.configuration import resolve


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("DIFFEX_", "OPENAI_", "ANTHROPIC_"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def test_the_bare_command_still_gets_a_corpus() -> None:
    result = diffex("corpus", "--domain", "birds", "--n-images", "2", "-q")
    assert (result.exit_code, result.stdout) == (0, "diffex-run\n")
    assert Path("diffex-run/corpus.yaml").exists()


def test_an_unknown_command_is_refused() -> None:
    assert diffex("corpus", "shwo").exit_code == 2
    assert not Path("diffex-run").exists()


def test_a_command_below_it_runs_alone_and_has_its_own_options(monkeypatch: pytest.MonkeyPatch) -> None:
    group = typer.Typer()

    @group.command("probe")
    def probe(run: str = "none") -> None:
        typer.echo(f"probe {run}")

    monkeypatch.setattr(corpus.app, "registered_commands", group.registered_commands)
    assert diffex("corpus", "probe", "--run", "here").stdout == "probe here\n"
    assert not Path("diffex-run").exists()
    for before in (["--run", "here"], ["--json"], ["--merge", "a"]):
        result = diffex("corpus", *before, "probe")
        assert result.exit_code == 2
        assert "options come after the command's name: diffex corpus probe [OPTIONS]" in result.stderr


def test_a_domain_that_is_not_bundled_says_what_to_do() -> None:
    Path("photos").mkdir()
    result = diffex("corpus", "--domain", "leaf health", "--images", "photos")
    assert result.exit_code == 2
    assert "no hierarchy of the domain 'leaf health' comes with diffex" in result.stderr
    assert "--provider anthropic" in result.stderr


def test_an_address_needs_somebody_to_ask_and_holds_no_password() -> None:
    result = diffex("corpus", "--domain", "birds", "--base-url", "http://localhost:1/v1")
    assert result.exit_code == 2
    assert "--base-url goes with a provider that asks a language model" in result.stderr
    result = diffex(
        "corpus", "--domain", "birds", "--provider", "openai:x", "--base-url", "http://me:pass@localhost/v1"
    )
    assert result.exit_code == 2
    assert "pass@" not in result.stderr
    assert not Path("diffex-run/run.yaml").exists()


def test_an_address_does_not_outlive_its_provider() -> None:
    """Else the next provider's key would go there."""
    Path("diffex-run").mkdir()
    Path("diffex-run/run.yaml").write_text(
        "schema: diffex.run/1\nsettings: {provider: 'openai:x', base_url: 'http://localhost:1/v1', merge: [bundled]}\n"
    )
    assert resolve({}, {}).base_url == "http://localhost:1/v1"
    assert resolve({}, {}).merge == ("bundled",)
    same = resolve({"provider": "openai:x"}, {})
    assert same.base_url == "http://localhost:1/v1"
    other = resolve({"provider": "anthropic"}, {})
    assert (other.base_url, other.merge) == (None, ())
    assert other.origins["base_url"] == "flag --provider"
    both = resolve({"provider": "anthropic"}, {"DIFFEX_BASE_URL": "http://localhost:2/"})
    assert both.base_url == "http://localhost:2/"
