"""Every command that the documentation shows is run as it stands there, page by page, from top to bottom."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import documented
import pytest
import reader_shell
import stand_ins
import yaml

import benchmarks.__main__ as benchmarks
import benchmarks.gpu.__main__ as gpu

# Where the things are that the pages name. Nothing else of a command is changed.
PLACES = {
    "/models/": "{places}/models/",
    "/mnt/diffex/": "{places}/mnt/diffex/",
    "http://localhost:11434/": "{model}/",
    "8000": "{port}",
}

# What cannot be run here, and why. Its commands, options and specs are checked all the same.
_PACKAGES = "installs packages"
_WEIGHTS = "downloads a model of gigabytes"
NOT_RUN = {
    ("README.md", "make demo"): _PACKAGES,
    ("README.md", "make test"): _PACKAGES,
    ("CONTRIBUTING.md", "make test"): _PACKAGES,
    ("CONTRIBUTING.md", "make lint"): _PACKAGES,
    ("docs/ci.md", "pip install diffex"): _PACKAGES,
    (
        "docs/corpora.md",
        'diffex corpus --domain "leaf health" --images leaves/ --provider transformers:Qwen/Qwen2.5-VL-3B-Instruct',
    ): _WEIGHTS,
    ("docs/editors.md", "diffex search --editor flux-kontext:offload=model"): "offload= needs an accelerator",
    ("docs/editors.md", "diffex search --editor qwen-edit:steps=40,guidance=4,offload=model"): "as before",
    (
        "docs/regions.md",
        "diffex search --editor ledits:birds --region text:CIDAS/clipseg-rd64-refined:words=bird,grow=3",
    ): "downloads a model",
    ("docs/verifying.md", "diffex verify --verifier vlm:openai:qwen2.5vl:7b:base_url=http://localhost:11434/v1"): (
        "asks thousands of questions"
    ),
    ("docs/verifying.md", "diffex verify --verifier vlm:transformers:Qwen/Qwen2.5-VL-3B-Instruct"): _WEIGHTS,
    ("docs/performance.md", ".venv/bin/python -m benchmarks --docs docs --only speed"): "measures for minutes",
    ("docs/gpu.md", ".venv/bin/python -m benchmarks.gpu --minutes 8 --docs docs"): "measures for minutes",
    (
        "docs/gpu.md",
        ".venv/bin/python -m benchmarks.gpu --tiny --device cpu --results build/gpu-tiny.jsonl",
    ): "measures for minutes",
    **{
        (page, f"diffex corpus --config {page} && diffex search && diffex report"): _WEIGHTS
        for page in documented.CONFIGS
        if page != "configs/birds.yaml"
    },
}
ELSEWHERE = {
    "docs/python.md": "tests/test_python_page.py, after the page's Python",
    "docs/scaling.md": "tests/measure/test_shards.py, with a run that asks for edits",
    "docs/extending.md": "tests/test_extending_page.py, with the page's package",
}

# What the pages show because it stops a release: the demo's classifier does depend on the background.
STOPS = {("docs/ci.md", "check"): 4}


@pytest.fixture(scope="module")
def birds_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("finished") / "run"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(run.parent)
        stand_ins.finished_birds(run)
    return run


@pytest.fixture
def places(tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Folders, an address of a language model and a free port."""
    for name in [name for name in os.environ if name.startswith(("DIFFEX_", "ANTHROPIC_", "OPENAI_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DIFFEX_CACHE", str(own_cache))
    stand_ins.empty_hub(monkeypatch, tmp_path / "hub")
    (tmp_path / "page").mkdir()
    monkeypatch.chdir(tmp_path / "page")
    with stand_ins.language_model() as model, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        stand_ins.services(monkeypatch, model.url)
        yield {"places": str(tmp_path / "places"), "model": model.url, "port": str(port)}


def placed(text: str, places: Mapping[str, str]) -> str:
    for documented_place, here in PLACES.items():
        text = text.replace(documented_place, here.format(**places))
    return text


def lines(page: str) -> list[tuple[str, bool]]:
    """Each line of a page's script, and whether it is run here."""
    whole = documented.script(page).replace("\\\n", "")
    return [(line, (page, without_comment(line)) not in NOT_RUN) for line in whole.splitlines()]


def without_comment(line: str) -> str:
    return re.sub(r"(^|\s+)#.*", "", line).strip()


def environment(page: str) -> dict[str, str]:
    """Settings that make the embedded birds small, and keys for a server that asks for none."""
    return {
        **{name: os.environ[name] for name in ("DIFFEX_CACHE", "HOME", "XDG_STATE_HOME") if name in os.environ},
        "DIFFEX_N_IMAGES": "2",
        "DIFFEX_MAX_DEPTH": "1" if page == "docs/ci.md" else "0",
        "EDITOR": "true",
        "ANTHROPIC_API_KEY": "key",
        "OPENAI_API_KEY": "key",
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }


@pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument")  # diffusers' own, of what it downloads
@pytest.mark.parametrize("page", stand_ins.PREPARED)
def test_a_page_from_top_to_bottom(page: str, places: dict[str, str], birds_run: Path) -> None:
    here = Path.cwd()
    stand_ins.PREPARED[page](here, Path(places["places"]), birds_run)
    for name, text in documented.files(page).items():
        Path(name).write_text(placed(text, places))
    script = "\n".join(placed(line, places) for line, is_run in lines(page) if is_run)
    ran = reader_shell.run(script, here, environment(page))
    asks = {words for words, code in ran.called if code == 3 and "--no-fill" in words}  # its loop goes on
    stopped = {(page, words[0]): code for words, code in ran.called if code and words not in asks}
    assert stopped == {command: code for command, code in STOPS.items() if command[0] == page}, ran.output
    others = {command for command in ran.failures if not command.startswith("diffex")}
    assert (ran.code, others) == (0, set()), ran.output
    assert ran.called, ran.output
    if page == "README.md":
        the_readers_first_run_is_there(here)


def the_readers_first_run_is_there(folder: Path) -> None:
    domains = {run.name: yaml.safe_load((run / "corpus.yaml").read_text())["domain"] for run in folder.glob("*-run")}
    assert domains == {"diffex-run": "birds", "leaves-run": "leaves"}
    for run in domains:
        assert {"ranking.parquet", "report"} <= {file.name for file in (folder / run).iterdir()}
    assert yaml.safe_load((folder / "diffex-run" / "search.yaml").read_text())["classifier"]["spec"].startswith(
        "birds:"
    )


def test_no_page_is_forgotten() -> None:
    with_commands = {page for page in (*documented.PAGES, *documented.CONFIGS) if documented.script(page)}
    run = {page for page in with_commands if any(is_run for _, is_run in lines(page))}
    assert run == {*stand_ins.PREPARED, *ELSEWHERE}
    assert set(NOT_RUN) == {
        (page, without_comment(line)) for page in with_commands for line, here in lines(page) if not here
    }


@pytest.mark.parametrize("page", documented.PAGES)
def test_what_is_not_marked_as_shell_is_no_command(page: str) -> None:
    for language, text in documented.fences(page):
        if language not in documented.RUN:
            assert not re.search(r"^\s*(\$ )?(diffex|make|pip|python) [a-z-]+\b(?! *─▶)", text, flags=re.MULTILINE), (
                text
            )


@pytest.mark.parametrize(("page", "line"), NOT_RUN)
def test_what_is_not_run_would_be_taken(page: str, line: str, places: dict[str, str]) -> None:
    shutil.copytree(documented.ROOT / "configs", "configs")
    for words in documented.words_of(line):
        documented.parse(words)
    if line.startswith("make "):
        subprocess.run(["make", "-n", *line.split()[1:]], cwd=documented.ROOT, check=True, capture_output=True)
    for module, parser in (("benchmarks", benchmarks._parser()), ("benchmarks.gpu", gpu._parser())):
        if f"-m {module} " in line:
            parser.parse_args(line.partition(f"-m {module} ")[2].split())


@pytest.mark.parametrize("page", [*documented.PAGES, *documented.CONFIGS])
def test_commands_in_running_text_exist(page: str) -> None:
    for line in documented.inline(page):
        for words in documented.words_of(line):
            documented.parse(words)


def test_the_targets_of_make_call_what_exists() -> None:
    recipe = subprocess.run(
        ["make", "-n", "demo"], cwd=documented.ROOT, check=True, capture_output=True, text=True
    ).stdout
    commands = re.findall(r"^\S*/diffex (.*)$", recipe, flags=re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["run"]
    for command in commands:
        documented.parse(command.split())
