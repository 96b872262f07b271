"""The reports that ``diffex report`` can be asked for, and what it refuses."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pipeline import SILENT, make_inputs, settings
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.corpus import corpus
from diffex_cli.search import search

HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  children:
  - name: rough
- name: edge
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""
CLASSIFIER = """\
import numpy as np

def red(pictures):
    mean = np.array([np.asarray(picture, dtype=float).mean(axis=(0, 1)) / 64 for picture in pictures])
    return {"red": mean[:, 0], "other": mean[:, 1]}
"""


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def told(*arguments: str) -> str:
    result = diffex(*arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run ``run`` on four pictures."""
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
            patch.delenv(name)
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        Path("shapes.yaml").write_text(HIERARCHY)
        Path("reddish.py").write_text(CLASSIFIER)
        Path("pictures").mkdir()
        random = np.random.default_rng(0)
        for i in range(4):
            Image.fromarray(random.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(f"pictures/{i}.png")
        told("corpus", "--run", "run", "--domain", "shapes", "--corpus-file", "shapes.yaml", "--images", "pictures")
        told("search", "--run", "run", "--editor", "tint:", "--classifier", "python:reddish:red", "--target", "red")
    return folder


@pytest.fixture(autouse=True)
def here(searched: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(searched)


def test_the_run_may_be_named_without_an_option() -> None:
    assert told("report", "run").startswith("The report on 4 attributes, 0.")
    assert told("report", "run", "-q") == "run/report/index.html\n"
    found = json.loads(told("report", "--run", "run", "--json"))
    assert set(found) == {
        *("html", "csv", "edits", "leaks", "data", "figure", "assets", "size", "pictures", "candidates", "warnings"),
        *("thumbnails_beside", "up_to_date"),
    }
    assert found["assets"] is None
    assert Path(found["html"]).stat().st_size == found["size"]


def test_above_the_size_cap_the_folder_is_said_on_stderr_even_if_quiet() -> None:
    result = diffex("report", "run", "-q", "--max-size", "0.001")
    assert result.exit_code == 0
    assert result.stdout == "run/report/index.html\n"
    assert "larger than 0.001 MB: they are in run/report/assets" in result.stderr
    assert list(Path("run/report/assets").glob("*.webp"))
    assert diffex("report", "run").stderr == ""
    assert not Path("run/report/assets").exists()


def test_pictures_are_stored_as_large_as_asked(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    for file in (tmp_path / "pictures").rglob("*.png"):
        with Image.open(file) as picture:
            enlarged = picture.convert("RGB").resize((400, 300))
        enlarged.save(file)
    made = settings(tmp_path, target="red")
    corpus.run(made, SILENT)
    search.run(made, SILENT)
    run = made.run

    def stored(*options: str) -> set[int | None]:
        page = Path(told("report", str(run), "-q", *options).strip()).read_text()
        return set(json.loads(page.partition('id="diffex-pictures">')[2].partition("</script>")[0])["large"]["width"])

    assert stored("--max-pixels", "0") == {None}
    small = (run / "report" / "index.html").stat().st_size
    assert stored("--max-pixels", "300") == {300}
    assert stored() == {400}
    between = (small + (run / "report" / "index.html").stat().st_size) / 2e6
    result = diffex("report", str(run), "-q", "--max-size", str(between))
    assert f"it shows them small, and at full size they are in {run}/report/assets" in result.stderr


def test_on_the_terminal_it_writes_nothing() -> None:
    shutil.rmtree("run/report", ignore_errors=True)
    text = told("report", "run", "--terminal")
    assert "lowers │ raises" in text
    assert "surface" in text
    assert "▀" not in text  # a pipe shows no pictures
    found = json.loads(told("report", "run", "--terminal", "--json"))
    assert text.split()[:4] == found["headline"].split()[:4]
    assert len(found["attributes"]) == 4
    assert told("report", "run", "--terminal", "-q") == found["headline"] + "\n"
    assert not Path("run/report").exists()


@pytest.mark.parametrize("kind", ["markdown", "latex", "csv"])
def test_a_table_of_one_or_several_runs(kind: str) -> None:
    one = told("report", "run", "--table", kind)
    several = told("report", "run", "run", "--table", kind)
    assert one != several
    assert "surface" in one
    found = json.loads(told("report", "--run", "run", "--table", kind, "--json"))
    assert found["format"] == kind
    assert found["table"].rstrip("\n") + "\n" == one


def test_figures_go_into_the_run_or_where_they_are_wanted(tmp_path: Path) -> None:
    files = told("report", "run", "--figures").splitlines()
    assert all(Path(file).parent == Path("run/report/figures") and Path(file).exists() for file in files)
    assert {Path(file).suffix for file in files} >= {".png", ".svg"}
    several = told("report", "run", "run", "--figures", "--out", str(tmp_path / "drawn")).splitlines()
    assert all(Path(file).parent == tmp_path / "drawn" for file in several)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "--table", "markdown", "--terminal"], "--table and --terminal are different reports"),
        (["run", "--run", "run"], "given twice"),
        (["run", "run"], "a page is about one run"),
        (["run", "--out", "x"], "--out says where --figures go"),
        (["run", "run", "--figures"], "say with --out DIR"),
        (["run", "--heatmap", "gradcan"], "gradcam"),
        (["run", "--table", "html"], "html"),
        (["nowhere", "--terminal"], "nowhere"),
        (["run", "--heatmap", "gradcam"], "use --heatmap occlusion"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(arguments: list[str], said: str) -> None:
    result = diffex("report", *arguments)
    assert result.exit_code in (2, 3)
    assert said in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_heat_maps_stand_beside_the_pictures(searched: Path) -> None:
    told("report", "run", "--heatmap", "occlusion")
    shown = json.loads((searched / "run/report/report.json").read_text())
    assert shown["heat"]["kind"] == "occlusion"
    heated = [one["pairs"]["heat"] for one in shown["attributes"]]
    assert any(number is not None for numbers in heated for number in numbers)
    assert any(image["heat"] is not None for image in shown["images"])
    file = next(shown["pictures"][number] for numbers in heated for number in numbers if number is not None)
    assert file.startswith("heatmaps/")
