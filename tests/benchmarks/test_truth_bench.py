"""The benchmark with known answers as a whole, on a few images and attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from figures import rows
from PIL import Image
from truth_tables import FEW, SHORT

from benchmarks.truth import __main__ as command
from benchmarks.truth import exact as truth
from benchmarks.truth.heat import heat, regions
from benchmarks.truth.pictures import RENDERER, Edited, Rendered, Wanted, key
from benchmarks.truth.subjects import open_subjects, sample_images
from diffex_cli.birds.panel.members import PANEL
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import RECONSTRUCTION

NAMES = ["single-snow", "xor-tail-back", "null-noise-1", "planted-tail-100"]
ARGUMENTS = ["--panel", *NAMES, "--editors", RENDERER, "--images", "3", "--joint-images", "2"]


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A page to renew, few attributes, and no trained members."""
    (tmp_path / "docs").mkdir()
    markers = "\n".join(
        f"<!-- {name} -->\n<!-- /{name} -->" for name in ("results", "coverage", "savings", "classifiers", "panel")
    )
    (tmp_path / "docs" / "truth.md").write_text(markers, encoding="utf-8")
    monkeypatch.setattr("benchmarks.truth.results.corpus_yaml.read_corpus", lambda _: FEW)
    monkeypatch.setattr("benchmarks.truth.savings.TRIALS", 2)
    places = ["--docs", str(tmp_path / "docs"), "--work", str(tmp_path / "work"), "--models", str(tmp_path / "none")]
    return [*ARGUMENTS, *places]


def test_it_writes_the_page_and_goes_on_where_it_was(
    small: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command.main(small)
    page = (tmp_path / "docs" / "truth.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out.count("| `beam --racing` |") == 2
    by_method = {cells[0]: cells for cells in rows(page) if len(cells) == 11}
    assert float(by_method["`exhaustive`"][1]) > float(by_method["random order"][1])
    assert by_method["`exhaustive`"][3] == "1.000"
    assert by_method["`exhaustive`"][9] == f"{3 * len(list(FEW.walk()))} (1.00)"
    assert by_method["Grad-CAM"][9:] == ["0 (0.00)", "0"]
    assert "1 of 4 are not trained and were left out: `make train-panel`" in page
    assert (tmp_path / "docs" / "truth.png").stat().st_size > 5000

    def never(self: Rendered, wanted: Sequence[Wanted]) -> Iterator[Image.Image]:
        raise AssertionError("everything was scored already")

    monkeypatch.setattr(Rendered, "pictures", never)
    (tmp_path / "docs" / "truth.png").unlink()
    command.main(small)
    again = (tmp_path / "docs" / "truth.md").read_text(encoding="utf-8")
    assert again == page
    assert (tmp_path / "docs" / "truth.png").exists()


def test_an_editor_in_a_run_directory_gives_the_same_effects(tmp_path: Path) -> None:
    images = sample_images(2)
    wanted = [Wanted(image, FEW.node(SHORT).candidate, seed) for image in images for seed in (0, 1)]
    with Edited(RENDERER, tmp_path, images) as edited:
        kept, drawn = list(edited.pictures(wanted)), list(Rendered().pictures(wanted))
        assert [key(edited, one) for one in wanted] == [key(Rendered(), one) for one in wanted]
    assert all(a is not None and a.tobytes() == b.tobytes() for a, b in zip(kept, drawn, strict=True) if b is not None)
    assert len(list((tmp_path / "edits").glob("seed-*"))) == 2


def test_exact_effects_of_a_formula_follow_from_the_records(tmp_path: Path) -> None:
    from benchmarks.truth.scores import fill
    from diffex_cli.birds import samples

    subjects, missing = open_subjects({"single-snow": PANEL["single-snow"]}, tmp_path)
    assert not missing
    images = sample_images(3)
    subject, renderer = subjects["single-snow"], Rendered()
    fill([subject.scores], renderer, truth.singles_wanted(FEW, images) + truth.pairs_wanted(FEW, images[:2]), "test")
    exact = truth.exact(subject, renderer, FEW, images, images[:2])
    snowy = np.mean([samples.records()[image].background == "snow" for image in images])
    assert exact.effects["background/land-background/snow-background"] == pytest.approx(3 * (1 - snowy), abs=0.05)
    assert exact.effects["background/open-background/sky-background"] == pytest.approx(-3 * snowy, abs=0.05)
    assert exact.effects["accessories"] == 0
    assert exact.effects["background"] == pytest.approx(3 * (0.2 - snowy), abs=0.05)
    assert len(exact.pairs) == 15
    reconstruction = subject.deltas(renderer, RECONSTRUCTION, images)
    assert not reconstruction.any()


def test_heat_lies_where_the_attribute_is() -> None:
    images = sample_images(2)
    found = heat(PANEL["single-snow"], images)
    assert found.shape == (2, 128, 128)
    assert found.min() >= 0
    assert all(total == pytest.approx(1) or total == 0 for total in found.sum(axis=(1, 2)))
    assert not heat(PANEL["null-noise-1"], images).any()
    where = regions(images)
    assert where["background"].mean() > 0.3
    assert 0 < where["eye"].mean() < 0.02
    assert not (where["eye"] & where["tail"]).any()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--panel", "single-snwo"], "did you mean 'single-snow'"),
        (["--panel", "single-snow", "--images", "49"], "there are 48 sample images"),
        (["--panel", "single-snow", "--joint-images", "-1"], "must not be negative"),
    ],
)
def test_wrong_arguments_end_in_a_sentence(arguments: list[str], says: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=says):
        command.main([*arguments, "--editors", RENDERER, "--work", str(tmp_path)])


def test_there_are_at_least_two_images() -> None:
    with pytest.raises(UsageError, match="at least 2"):
        sample_images(1)
