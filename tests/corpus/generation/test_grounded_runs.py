"""``diffex corpus --knowledge`` with the real index: what is asked, and what stays of it in the corpus."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import scripted
import yaml
from PIL import Image
from typer.testing import CliRunner, Result

from diffex_cli.commands.main import app
from diffex_cli.corpus.generation.providers import AskingProvider

pytest.importorskip("bm25s")

MODEL = scripted.Scripted()


def named_after_passages(question: Any) -> dict[str, object]:
    """One attribute for each passage that was shown, with its number."""
    shown = [line for line in question.text.splitlines() if line.startswith("[")]
    numbered = ({"name": f"from passage {i}", "passage": i} for i in range(1, len(shown) + 1))
    return scripted.answer(*numbered, {"name": "of my own", "passage": 0})


def opened(spec: object) -> AskingProvider:
    """The provider of the entry point ``grounded``."""
    return AskingProvider(MODEL)


@pytest.fixture(autouse=True)
def a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    info = tmp_path / "site" / "grounded-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: grounded\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[diffex.corpus_providers]\ngrounded = {__name__}:opened\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    MODEL.first = {(): [named_after_passages] * 9}
    MODEL.asked.clear()
    Path("pictures").mkdir()
    Image.new("RGB", (16, 16), (9, 90, 9)).save("pictures/a.png")
    Path("texts").mkdir()
    Path("texts/guide.md").write_text(
        "# Fundus\n## Exudates\nHard exudates are yellow.\n## Vessels\nVessels of a fundus."
    )
    Path("texts/broken.txt").write_bytes(b"\xff\xff")


def corpus(*more: str) -> Result:
    fixed = ("corpus", "--domain", "fundus exudate", "--images", "pictures", "--provider", "grounded", "--depth", "1")
    return CliRunner().invoke(app, [*fixed, *more])


def test_each_attribute_keeps_its_passage() -> None:
    result = corpus("--knowledge", "texts", "--json")
    assert result.exit_code == 0, result.stderr
    nodes = yaml.safe_load(Path("diffex-run/corpus.yaml").read_text())["nodes"]
    assert [(node["name"], node.get("source")) for node in nodes] == [
        ("from passage 1", "guide.md, Fundus > Exudates: Hard exudates are yellow."),
        ("from passage 2", "guide.md, Fundus > Vessels: Vessels of a fundus."),
        ("of my own", None),
    ]
    assert "Warning: passed over texts/broken.txt: it is not UTF-8 text" in result.stderr
    assert "[1] Hard exudates are yellow." in MODEL.asked[0].text
    shown = CliRunner().invoke(app, ["corpus", "show"]).stdout
    assert "from passage 1 [guide.md, Fundus > Exudates]" in shown


def test_it_is_kept_until_a_text_changes() -> None:
    corpus("--knowledge", "texts")
    assert json.loads(corpus("--json").stdout)["up_to_date"]
    assert len(MODEL.asked) == 1
    Path("texts/guide.md").write_text("# Fundus\nNew words about a fundus.")
    assert corpus().exit_code == 0
    assert len(MODEL.asked) == 2
    assert "New words" in Path("diffex-run/corpus.yaml").read_text()


def test_a_folder_without_texts_is_refused_before_anything_is_remembered() -> None:
    for folder in ("nowhere", "pictures"):
        result = corpus("--knowledge", folder)
        assert result.exit_code == 2
        assert f"{folder}: name" in result.stderr
    assert MODEL.asked == []
    assert not Path("diffex-run/run.yaml").exists()
