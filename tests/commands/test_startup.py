"""What a person meets first: help, version, mistakes on the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["torch", "diffusers", "transformers", "pyarrow", "matplotlib", "numpy", "PIL", "anthropic", "openai"]
MODELS = ["torch", "diffusers", "transformers", "safetensors", "pandas", "matplotlib", "scipy", "anthropic", "openai"]
ROOT = Path(__file__).parent.parent.parent
HIERARCHY = """\
schema: diffex.corpus/1
domain: birds
nodes:
- name: red head
- name: snow background
"""


def diffex(*arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", "from diffex_cli.commands.main import main; main()", *arguments],
        env={**{k: v for k, v in os.environ.items() if not k.startswith("DIFFEX_")}, **environment},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["search", "--help"], ["--version"], ["config", "show"]])
def test_light_commands_import_no_heavy_library(arguments: list[str], tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from diffex_cli.commands.main import main\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    assert not end.code, end.code\n"
        f"sys.stderr.write(' '.join(name for name in {HEAVY!r} if name in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stderr == ""
    assert result.stdout


def test_stages_that_find_nothing_to_do_import_no_model_library(tmp_path: Path, own_cache: Path) -> None:
    """The birds' editor, classifier, verifier and network are the real ones."""
    (tmp_path / "two.yaml").write_text(HIERARCHY)
    made = diffex(
        *("run", "--corpus-file", "two.yaml", "--n-images", "2", "--editor", "ledits:birds:steps=1"),
        *("--classifier", "birds:shortcut", "--target", "cardinal", "--perceptual", "birds"),
        cwd=tmp_path,
        DIFFEX_CACHE=str(own_cache),
    )
    assert made.returncode == 0, made.stderr
    assert diffex("verify", "-q", cwd=tmp_path, DIFFEX_CACHE=str(own_cache)).returncode == 0
    program = (
        "import sys\n"
        "from diffex_cli.commands.main import app\n"
        "for stage in ('corpus', 'edit', 'verify', 'score', 'search'):\n"
        "    try:\n        app([stage], prog_name='diffex')\n"
        "    except SystemExit as end:\n        assert not end.code, end.code\n"
        f"    sys.stderr.write(''.join(f'{{stage}} imports {{name}}' for name in {MODELS!r} if name in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stdout.count("Nothing to do: ") == 5
    assert "imports" not in result.stderr


def test_backends_are_opened_and_identified_without_their_libraries(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from diffex_cli.classifiers.opened import open_classifier\n"
        "from diffex_cli.classifiers.perception import open_perception\n"
        "from diffex_cli.editors.opened import open_editor\n"
        "from diffex_cli.verifiers.opened import open_verifier\n"
        "for spec in ('ledits:birds', 'inpaint:birds', 'instruct', 'flux2-klein', 'flux-kontext', 'qwen-edit'):\n"
        "    assert open_editor(spec).fingerprint\n"
        "assert open_classifier('birds:species').fingerprint\n"
        "assert open_verifier('birds:probe').fingerprint\n"
        "assert open_perception('birds', 'cpu')\n"
        f"sys.stderr.write(' '.join(name for name in {MODELS!r} if name in sys.modules))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True
    )
    assert result.stderr == ""


def test_version() -> None:
    result = diffex("--version")
    assert result.stdout.startswith("diffex ")
    assert result.returncode == 0


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["config", "show", "--beam", "0"], "--beam 0 must be at least 1"),
        (["config", "show", "--editor", ":x"], "--editor ':x' is no spec"),
        (["config", "show", "--config", "nowhere.yaml"], "cannot read the settings in nowhere.yaml"),
        (["corpus", "--domain", "brids"], "there are: birds"),
        (["corpus", "--images", "nowhere"], "nowhere"),
        (["corpus", "--corpus-file", "a.yaml", "--provider", "bundled"], "contradict each other"),
    ],
)
def test_a_mistake_gives_one_sentence_and_exit_code_2(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    result = diffex(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert result.stdout == ""
    assert sentence in result.stderr
    assert result.stderr.startswith("Error: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "arguments", [["serach"], ["search", "--beem", "3"], ["search", "--beam", "x"], ["search", "--algorithm", "best"]]
)
def test_what_typer_refuses_exits_with_2(arguments: list[str], tmp_path: Path) -> None:
    result = diffex(*arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert "Traceback" not in result.stderr


def test_a_stage_before_its_time_says_which_comes_first(tmp_path: Path) -> None:
    result = diffex("search", "--editor", "tint:", cwd=tmp_path)
    assert result.returncode == 3
    assert "run `diffex corpus` first" in result.stderr


def test_the_generated_page_is_up_to_date(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    subprocess.run(
        [sys.executable, ROOT / "docs" / "generate_cli.py", page], check=True, timeout=120, capture_output=True
    )
    assert page.read_text() == (ROOT / "docs" / "cli.md").read_text(), "run: python docs/generate_cli.py"
