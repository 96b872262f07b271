"""Whatever a plug-in does, the command ends with a sentence that names it, and with what was finished."""

from __future__ import annotations

from pathlib import Path

import pytest
import unruly
from pipeline import make_corpus
from surroundings import diffex, told

from diffex_cli.artifacts.run import RunDirectory

RUN = ("--run", "run")
COLOURS = ("--classifier", "python:colour_classifier:logits")


@pytest.fixture(autouse=True)
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    unruly.install(tmp_path / "site", monkeypatch)
    monkeypatch.chdir(tmp_path)
    make_corpus(tmp_path)
    return tmp_path / "run"


def spec_of(place: str, deed: str) -> str:
    return f"unruly:{place}-{deed}"


def is_named(what: str, said: str, *words: object) -> None:
    result = diffex(*words)
    text = told(result)
    assert (result.exit_code, result.stdout) == (1, ""), result.output
    assert text.endswith(f"Error: {what} {said}") or f"Error: {what} {said}:" in text, text


@pytest.mark.parametrize("deed", unruly.SAID)
def test_a_classifier(deed: str) -> None:
    spec = spec_of("call", deed)
    is_named(f"the classifier {spec}", unruly.SAID[deed], "classify", "pictures", "--classifier", spec)


def test_a_classifier_in_a_search() -> None:
    spec = spec_of("call", "exit0")
    is_named(f"the classifier {spec}", unruly.SAID["exit0"], "search", *RUN, "--editor", "tint:", "--classifier", spec)


@pytest.mark.parametrize("place", ["construction", "fingerprint", "settings", "labels", "kind"])
def test_a_classifier_anywhere(place: str) -> None:
    spec = spec_of(place, "exit0")
    is_named(f"the classifier {spec}", unruly.SAID["exit0"], "score", *RUN, "--editor", "tint:", "--classifier", spec)


@pytest.mark.parametrize("deed", unruly.SAID)
def test_an_editor_keeps_what_was_finished(deed: str, run: Path) -> None:
    spec = spec_of("middle", deed)
    is_named(f"the editor {spec}", unruly.SAID[deed], "edit", *RUN, "--editor", spec)
    assert len(RunDirectory(run).edits("unruly")) == 3


@pytest.mark.parametrize("place", ["construction", "fingerprint", "settings", "call", "end"])
def test_an_editor_anywhere(place: str) -> None:
    spec = spec_of(place, "exit7")
    is_named(f"the editor {spec}", unruly.SAID["exit7"], "search", *RUN, *COLOURS, "--editor", spec)


@pytest.mark.parametrize("place", ["construction", "fingerprint", "call"])
def test_a_verifier_anywhere(place: str) -> None:
    spec = spec_of(place, "exit7")
    is_named(f"the verifier {spec}", unruly.SAID["exit7"], "verify", *RUN, "--editor", "tint:", "--verifier", spec)


@pytest.mark.parametrize("place", ["construction", "call"])
def test_a_source_of_attributes(place: str) -> None:
    spec = spec_of(place, "exit0")
    words = ("corpus", "--run", "other", "--domain", "shapes", "--images", "pictures", "--provider", spec)
    is_named(f"the corpus provider {spec}", unruly.SAID["exit0"], *words)


def test_a_source_gives_something_else() -> None:
    words = ("corpus", "--run", "other", "--domain", "shapes", "--images", "pictures", "--provider", "unruly:x-none")
    result = diffex(*words)
    assert (result.exit_code, told(result)) == (1, "Error: the corpus provider unruly:x-none gave str, and no Corpus")


def test_an_entry_point_that_leads_nowhere() -> None:
    result = diffex("edit", *RUN, "--editor", "broken:")
    assert result.exit_code == 1
    assert "the editor broken: raised AttributeError" in told(result)


@pytest.mark.parametrize(
    "line", ["raise SystemExit(0)", "import sys; sys.exit()", "class Rude(BaseException): ...\nraise Rude"]
)
def test_a_module_that_ends_while_it_is_imported(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"ends_{abs(hash(line))}"
    (tmp_path / f"{name}.py").write_text(f"{line}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    result = diffex("classify", "pictures", "--classifier", f"python:{name}:logits")
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{name}.py cannot be imported" in told(result)


def test_a_worker_that_ends_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", unruly.install(tmp_path / "more", monkeypatch))
    for deed, said in {"exit0": "SystemExit: 0", "die": "its process died (exit code 0)"}.items():
        spec = spec_of("middle", deed)
        result = diffex("edit", *RUN, "--editor", spec, "--device", "cpu,cpu")
        assert (result.exit_code, result.stdout) == (1, "")
        assert f"the editor {spec} on the device cpu stopped: {said}" in told(result)


def test_a_folder_that_a_plugin_goes_to_is_left_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Path
) -> None:
    (tmp_path / "wanders.py").write_text(
        "import os\nfrom colour_classifier import LABELS, logits as colours\n"
        "def logits(pictures):\n    os.chdir('/')\n    return colours(pictures)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    result = diffex("score", *RUN, "--editor", "tint:", "--classifier", "python:wanders:logits")
    assert result.exit_code == 0, result.output
    assert Path.cwd() == tmp_path
    assert RunDirectory(run).path.joinpath("scores").is_dir()


def test_what_it_prints_is_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "chatty.py").write_text(
        "from colour_classifier import LABELS, logits as colours\nprint('hello from the import')\n"
        "def logits(pictures):\n    print('hello from the call')\n    return colours(pictures)\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    result = diffex("score", *RUN, "--editor", "tint:", "--classifier", "python:chatty:logits", "-q")
    assert (result.exit_code, result.stdout) == (0, "5\n")
    assert "hello from the import\nhello from the call\n" in result.stderr
