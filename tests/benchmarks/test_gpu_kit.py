"""The GPU kit, rehearsed with tiny models on the CPU; no timing is judged."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import benchmarks
from benchmarks.gpu.__main__ import main
from benchmarks.gpu.blocks import BLOCKS
from benchmarks.gpu.configs import CONFIGURATIONS
from benchmarks.gpu.engine import PROMPTS
from benchmarks.gpu.kept import Kept
from benchmarks.gpu.models import pipeline
from benchmarks.gpu.tables import block_table, write_page
from benchmarks.markdown import write_between_markers

ROOT = Path(benchmarks.__file__).parent.parent
PAGE = ROOT / "docs" / "gpu.md"
PUBLISHED = {
    "sd15": {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480},
    "sdxl": {
        "unet": 2_567_463_684,
        "vae": 83_653_863,
        "text_encoder": 123_060_480,
        "text_encoder_2": 694_659_840,
    },
}
ABSENT = ("typer", "rich", "click", "pandas", "pyarrow", "psutil", "matplotlib", "platformdirs", "anthropic", "openai")
REHEARSED = ["--tiny", "--device", "cpu", "--models", "sdxl", "--only", "finder", "same"]

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning"  # diffusers' scheduler, numpy 2
)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_the_full_size_models_have_the_published_numbers_of_parameters(name: str) -> None:
    made = pipeline(name, torch.device("meta"), torch.float16)
    for part, count in PUBLISHED[name].items():
        weights = list(getattr(made, part).parameters())
        assert sum(weight.numel() for weight in weights) == count, part
        assert {(weight.device.type, weight.dtype) for weight in weights} == {("meta", torch.float16)}


def test_the_words_of_the_jobs_lie_within_the_text_encoders_vocabulary() -> None:
    tokenizer = pipeline("sd15", torch.device("meta"), torch.float16).tokenizer
    ids = tokenizer(list(PROMPTS), padding="max_length", return_tensors="pt").input_ids
    assert ids.shape == (len(PROMPTS), CONFIGURATIONS["sd15"].text_encoder["max_position_embeddings"])
    assert int(ids.max()) < CONFIGURATIONS["sd15"].text_encoder["vocab_size"]


def test_it_imports_nothing_that_a_bare_machine_lacks() -> None:
    blocked = f"import sys\nfor name in {ABSENT}:\n    sys.modules[name] = None\n"
    source = f"{blocked}from benchmarks.gpu.__main__ import main\nmain(['--tiny', '--device', 'cpu', '--minutes', '0'])"
    ended = subprocess.run([sys.executable, "-c", source], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "not reached: time was up" in ended.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--docs", "docs"])
    assert capsys.readouterr().out.startswith("no GPU: ")


def test_a_run_tells_each_figure_and_goes_on_where_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = tmp_path / "gpu.jsonl"
    arguments = [*REHEARSED, "--results", str(kept)]
    main(arguments)
    said = capsys.readouterr()
    assert "same | sdxl | 2: bytes that differ" in said.err
    assert "| SDXL | 48 | not measured: running out of memory safely needs CUDA |" in said.out
    assert len(kept.read_text().splitlines()) == 1  # what was not measured is tried again
    main([*arguments, "--minutes", "0"])
    again = capsys.readouterr()
    table = "\n".join(line for line in said.out.splitlines() if "| 2 |" in line)
    assert table in again.out
    assert "goes on from here: finder | sdxl | 48" in again.out
    assert len(kept.read_text().splitlines()) == 1


def test_stock_and_engine_are_measured_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # half precision on the CPU, as on a card: every part must take it
    wanted = ["--tiny", "--device", "cpu", "--dtype", "bfloat16", "--models", "sd15", "--only", "edit"]
    main([*wanted, "--results", str(tmp_path / "gpu.jsonl")])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| SD 1.5 |")]
    assert len(lines) == 2
    assert not [line for line in lines if "not measured" in line]


def test_a_torn_line_is_measured_again(tmp_path: Path) -> None:
    path = tmp_path / "gpu.jsonl"
    Kept(path).put("card", "one", {"s": 1})
    with path.open("a") as file:
        file.write('{"machine": "card", "case": "tw')
    kept = Kept(path)
    kept.put("card", "three", {"s": 3})
    read = Kept(path)
    assert [read.get("card", case) for case in ("one", "tw", "three")] == [{"s": 1}, None, {"s": 3}]
    assert read.get("another", "one") is None


def test_the_page_shows_every_block_and_keeps_its_prose(tmp_path: Path) -> None:
    page = tmp_path / "gpu.md"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    figures = {"share": 0.25, "largest": 3, "contrast": 50.0}
    tables = {block: block_table(block, []) for block in BLOCKS}
    write_page(page, "*a card*", {**tables, "same": block_table("same", [("sdxl", ("8",), figures)])})
    text = page.read_text(encoding="utf-8")
    assert "| SDXL | 8 | 25 % | 3 | 50 |" in text
    assert "*a card*" in text
    for name in (*BLOCKS, "machine"):  # the prose between the tables is what it was
        for document in (page, copy := tmp_path / "copy.md"):
            copy.exists() or copy.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
            write_between_markers(document, f"gpu-{name}", "")
    assert page.read_text(encoding="utf-8") == copy.read_text(encoding="utf-8")


def test_tiny_models_never_get_into_the_page() -> None:
    with pytest.raises(SystemExit):
        main(["--tiny", "--device", "cpu", "--docs", "docs"])
