from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pipeline import HIERARCHY, N_IMAGES, N_NODES, SILENT, make_corpus, make_inputs, settings

from diffex_cli.artifacts.keys import image_key
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.tables import read_provenance
from diffex_cli.core.errors import UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.corpus import corpus


def test_it_writes_the_hierarchy_and_the_images(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    summary = corpus.run(settings(tmp_path), SILENT)
    run = RunDirectory(tmp_path / "run")
    assert summary == corpus.CorpusSummary("shapes", N_NODES, 3, N_IMAGES, up_to_date=False, warnings=())
    assert [node.id for node in run.corpus().walk()][:3] == ["surface", "surface/rough", "surface/rough/very-rough"]
    assert [image.source for image in run.images()] == ["0.png", "2.png", "4.png", "more/1.png", "more/3.png"]
    assert all(image_key(run.picture(image)) == image.image for image in run.images())
    assert read_provenance(run.path / "images.parquet")["stage"] == "corpus"


def test_a_second_time_it_does_nothing(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    files = {path: path.stat().st_mtime_ns for path in made.run.rglob("*") if path.suffix}
    assert corpus.run(made, SILENT).up_to_date
    assert {path: path.stat().st_mtime_ns for path in made.run.rglob("*") if path.suffix} == files


def test_a_hierarchy_edited_by_hand_is_kept_until_the_inputs_change(tmp_path: Path) -> None:
    made = make_corpus(tmp_path)
    file = made.run / "corpus.yaml"
    file.write_text(file.read_text().replace("name: shadow", "name: dark shadow"))
    assert corpus.run(made, SILENT).up_to_date
    assert RunDirectory(made.run).corpus().node("shadow").name == "dark shadow"
    made.corpus_file.write_text(HIERARCHY.replace("name: shadow", "name: light"))  # type: ignore[union-attr]
    assert not corpus.run(made, SILENT).up_to_date
    assert RunDirectory(made.run).corpus().node("light").name == "light"


@pytest.mark.parametrize("damage", ["torn", "newer"])
def test_a_broken_hierarchy_is_made_again(tmp_path: Path, damage: str) -> None:
    made = make_corpus(tmp_path)
    file = made.run / "corpus.yaml"
    text = file.read_text()
    file.write_text(text[: len(text) // 2] + "\n\t[" if damage == "torn" else text.replace("corpus/1", "corpus/2"))
    assert not corpus.run(made, SILENT).up_to_date
    assert file.read_text().splitlines()[0] == "schema: diffex.corpus/1"


def test_more_images_are_a_superset_of_fewer(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    chosen = []
    for n in (2, 3, 4):
        corpus.run(settings(tmp_path, n_images=n), SILENT)
        chosen.append({image.source for image in RunDirectory(tmp_path / "run").images()})
    assert chosen[0] < chosen[1] < chosen[2]
    assert [len(sources) for sources in chosen] == [2, 3, 4]
    assert corpus.plan(settings(tmp_path, n_images=99)).to_do == N_IMAGES


def test_the_seed_chooses(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    chosen = set()
    for seed in range(6):
        corpus.run(settings(tmp_path, n_images=1, seed=seed), SILENT)
        chosen.add(RunDirectory(tmp_path / "run").images()[0].source)
    assert len(chosen) > 1


def test_what_cannot_be_an_input_is_passed_over(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    (tmp_path / "pictures" / "broken.png").write_bytes(b"no picture")
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    (tmp_path / "pictures" / "copy.png").write_bytes((tmp_path / "pictures" / "0.png").read_bytes())
    summary = corpus.run(settings(tmp_path, n_images=9), SILENT)
    assert summary.images == N_IMAGES
    sentences = sorted(summary.warnings)
    assert len(sentences) == 3
    assert "broken.png" in sentences[0] + sentences[1]
    assert "the same picture as" in sentences[0] + sentences[1]
    assert "only 5 images, not the 9" in sentences[2]


def test_what_is_left_out_of_a_folder_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    class Hearing(SilentProgress):
        def note(self, text: str) -> None:
            said.append(text)

    make_inputs(tmp_path)
    (tmp_path / "pictures" / "notes.txt").write_text("no picture")
    corpus.run(settings(tmp_path), Hearing())
    assert said == [f"left out of {tmp_path / 'pictures'}: 1 file that is no picture (.txt 1)"]


def test_what_was_done_to_pictures_is_said_and_counted(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    for number in range(2):
        deep = np.arange(64, dtype=np.uint16).reshape(8, 8) * 900 + number
        deep[0, number] = 65535
        Image.fromarray(deep).save(tmp_path / "pictures" / f"deep{number}.tiff")
    summary = corpus.run(settings(tmp_path), SILENT)
    assert summary.images == N_IMAGES + 2
    assert summary.warnings == (
        "2 of 7 images had more than 8 bits a pixel: scaled from the picture's own least and largest value to 0–255",
    )


def test_no_images_is_one_sentence(tmp_path: Path) -> None:
    make_inputs(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=r"no images .*--images"):
        corpus.run(settings(tmp_path, images=tmp_path / "empty"), SILENT)
    with pytest.raises(UsageError, match=r"none does not exist: .*--images"):
        corpus.run(settings(tmp_path, images=tmp_path / "none"), SILENT)
    with pytest.raises(UsageError, match=r"'shapes' has no sample images: .*--images"):
        corpus.run(settings(tmp_path, images=None), SILENT)
    (tmp_path / "empty" / "a.png").touch()
    with pytest.raises(UsageError, match=r"none of the input images can be read"):
        corpus.run(settings(tmp_path, images=tmp_path / "empty"), SILENT)
    assert not (tmp_path / "run" / "run.yaml").exists()


def test_a_configured_target_reaches_the_search(tmp_path: Path) -> None:
    """As in `make demo`: the configuration file is given to the first stage alone."""
    from diffex_cli.core.configuration import resolve

    config = tmp_path / "run.yaml"
    config.write_text("domain: birds\ntarget: cardinal\nn_images: 2\n", encoding="utf-8")
    corpus.run(resolve({"run": tmp_path / "run"}, {}, config), SILENT)
    assert resolve({"run": tmp_path / "run"}, {}, None).target == "cardinal"
