"""What ``explain`` returns: it prints, it is a table, it is saved where the command line goes on, and it cleans up."""

import base64
import gc
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import colour_classifier
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pipeline import make_inputs
from typer.testing import CliRunner, Result

from diffex_cli import EditResult, Explanation, UsageError, explain
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.artifacts.schemas import RANKING
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.tint import TintEditor

CLASSIFIER = "python:colour_classifier:logits"
HOSTILE = "<script>alert('&\"')</script>"


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)


def explained(**changes: Any) -> Explanation:
    values: dict[str, Any] = {
        "pictures": "pictures",
        "classifier": CLASSIFIER,
        "corpus": "hierarchy.yaml",
        "editor": "tint:",
        "target": "red",
        "delta": 0.05,
    }
    return explain(**(values | changes))


def diffex(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def found(*arguments: str) -> dict[str, Any]:
    result = diffex(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_it_prints_the_commands_sentence_and_the_first_rows() -> None:
    random = np.random.default_rng(0)
    noise = [Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)) for _ in range(12)]
    one = explained(pictures=noise)
    assert repr(one) == str(one)
    assert str(one).startswith(one.sentences[0])
    assert one.strongest is not None
    assert one.strongest.name in one.sentences[0]
    assert one.strongest in one.ranking
    assert one.strongest.claim == "matters"
    assert one.target == "red"
    lines = str(one).splitlines()
    rows = [line for line in lines if re.match(r" +\d+ +[+−]", line)]
    assert [line.split()[0] for line in rows] == [str(i) for i in range(1, len(rows) + 1)]
    assert len(rows) == min(8, len(one.ranking))
    assert (" more: to_pandas() has all" in str(one)) == (len(one.ranking) > 8)


def test_that_nothing_was_found_is_said_too() -> None:
    one = explained(delta=1000.0)
    assert one.strongest is None
    assert str(one).startswith(
        "Nothing was shown to matter for ‘red’. All attributes that were tried were shown to be small."
    )
    assert "<img" not in one._repr_html_()


def test_failed_edits_are_told() -> None:
    class Unwilling(TintEditor):
        def edit(self, images: Any, requests: Any, seed: int) -> Any:
            for request, result in zip(requests, super().edit(images, requests, seed), strict=True):
                refused = request.candidate.id == "edge"
                yield EditResult(request.key, "failed", None, 0.0, "no edges here") if refused else result

    told = str(explained(editor=Unwilling(parse_spec("tint:"))))
    assert re.search(r"5 of \d+ edits failed, most often because: no edges here\. They are left out of", told)


def test_the_table_has_the_documented_columns() -> None:
    one = explained()
    frame = one.to_pandas()
    assert list(frame.columns) == list(RANKING.columns.names)
    pd.testing.assert_frame_equal(frame, pd.read_parquet(one.run / "ranking.parquet"))
    assert frame["candidate"].tolist() == [row.candidate for row in one.ranking]


class _Page(HTMLParser):
    """Tags, texts and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())


def read(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def test_html_is_self_contained_and_escapes_every_name() -> None:
    def classes(pictures: list[Image.Image]) -> Any:
        return colour_classifier.logits(pictures)

    classes.__qualname__ = f"classes{HOSTILE}"
    one = explained(
        pictures={f"{HOSTILE}{file}": file for file in Path("pictures").rglob("*.png")},
        corpus={f"edge {HOSTILE}": [], "shadow": []},
        classifier=classes,
        labels=[HOSTILE, "green", "blue"],
        target=HOSTILE,
        delta=0.0,
    )
    html = one._repr_html_()
    assert HOSTILE not in html
    page = read(html)
    assert page.tags == {"div", "p", "figure", "img", "figcaption", "table", "thead", "tbody", "tr", "th", "td"}
    assert f"edge {HOSTILE}" in page.texts
    assert any(HOSTILE in text for text in page.texts if "target" in text)
    assert not [name for name, _ in page.attributes if name.startswith("on") or name == "href"]
    addresses = [value or "" for name, value in page.attributes if name == "src"]
    assert len(addresses) == 2
    for address in addresses:
        kind, _, data = address.partition(",")
        assert kind == "data:image/webp;base64"
        assert Image.open(io.BytesIO(base64.b64decode(data))).size == (20, 16)
    assert len(html) < 60_000


def test_html_says_which_class_when_all_are_explained() -> None:
    one = explained(target="all")
    assert all(f"{row.name} on {row.target!r} – " in str(one) for row in one.ranking[:8])
    page = read(one._repr_html_())
    assert "class" in page.texts
    assert {"red", "green", "blue"} & set(page.texts)


def test_html_does_without_pictures_that_are_gone() -> None:
    one = explained()
    for file in (one.run / "edits" / "files").rglob("*.png"):
        file.unlink()
    assert "<img" not in one._repr_html_()


def test_a_closed_explanation_still_prints_but_is_not_saved() -> None:
    with explained() as one:
        assert one.run.is_dir()
    assert not one.run.parent.exists()
    assert "<table" in one._repr_html_()
    assert "<img" not in one._repr_html_()
    assert str(one).startswith("Nothing was shown to matter for ‘red’. Of what could matter, ")
    assert len(one.to_pandas()) == len(one.ranking)
    one.close()
    with pytest.raises(UsageError, match="this explanation is closed"):
        one.save("late")


def test_the_private_folder_goes_with_the_object() -> None:
    one = explained()
    folder = one.run.parent
    assert folder.is_dir()
    del one
    gc.collect()
    assert not folder.exists()


def test_the_command_line_goes_on_with_what_is_saved(tmp_path: Path) -> None:
    one = explained(joint=2)
    ranking = RunDirectory(one.run).ranking()
    assert one.save("saved/here") == tmp_path / "saved" / "here"
    one.close()
    assert RunDirectory(Path("saved/here")).ranking() == ranking
    assert not list(Path("saved").glob(".*"))
    again = found("search", "--run", "saved/here")
    assert (again["up_to_date"], again["made"]) == (True, 0)
    assert " + " in again["best_joint"]
    wider = found("search", "--run", "saved/here", "--beam", "9")
    assert wider["edits"] >= again["edits"]
    assert found("report", "--run", "saved/here")["candidates"] == len(wider["rows"])
    assert Path("saved/here/report/index.html").is_file()
    assert "edge" in diffex("search", "--run", "saved/here", "--explain", "edge").stdout
    assert diffex("check", "saved/here", "--max", "edge=1000").exit_code == 0
    assert diffex("check", "saved/here", "--max", "edge=0").exit_code == 4


def test_two_saved_explanations_are_compared() -> None:
    explained().save("red")
    explained(classifier=colour_classifier.logits, labels=("red", "green", "blue")).save("function")
    told = found("compare", "red", "function")
    assert [run["facts"]["classifier"] for run in told["runs"]] == [CLASSIFIER, "object:colour_classifier.logits"]
    assert told["comparisons"][0]["shared_images"] == 5
    assert told["comparisons"][0]["rankings"]["spearman"] == 1.0


def test_inputs_of_a_program_are_the_run_directorys_own_copies_once_saved(tmp_path: Path) -> None:
    pictures = {f"picture {i}": Image.open(file) for i, file in enumerate(Path("pictures").rglob("*.png"))}
    one = explained(pictures=pictures, corpus={"edge": ["sharp"], "shadow": []})
    home = one.save("saved")
    recorded = (home / "run.yaml").read_text()
    assert str(one.run.parent) not in recorded
    settings = RunDirectory(home).recorded()["settings"]
    assert settings["images"] == str(tmp_path / "saved" / "images")
    assert settings["corpus_file"] == str(tmp_path / "saved" / "corpus.yaml")
    effects = {row["candidate"]: row["effect"] for row in found("search", "--run", "saved")["rows"]}
    assert diffex("corpus", "--run", "saved").exit_code == 0
    once_more = found("search", "--run", "saved")
    assert once_more["made"] == 0
    assert {row["candidate"]: row["effect"] for row in once_more["rows"]} == pytest.approx(effects)


def test_objects_have_to_be_named_when_the_command_line_goes_on() -> None:
    explained(
        classifier=colour_classifier.logits, labels=("red", "green", "blue"), editor=TintEditor(parse_spec("tint:"))
    ).save("saved")
    recorded = RunDirectory(Path("saved")).recorded()["settings"]
    assert recorded["classifier"] == "object:colour_classifier.logits"
    assert recorded["editor"] == "object:diffex_cli.editors.tint.TintEditor"
    refused = diffex("search", "--run", "saved")
    assert refused.exit_code == 2
    assert refused.stderr == (
        "Error: the editor of this run was an object of a Python program, which nobody else can open: "
        "name one with --editor SPEC\n"
    )
    refused = diffex("search", "--run", "saved", "--editor", "tint:")
    assert refused.exit_code == 2
    assert "the classifier of this run was an object of a Python program" in refused.stderr
    assert diffex("report", "--run", "saved", "-q").exit_code == 0
    assert "name one with --classifier" in diffex("report", "--run", "saved", "--heatmap", "occlusion").stderr
    named = found("search", "--run", "saved", "--editor", "tint:", "--classifier", CLASSIFIER)
    assert named["made"] == 0  # the editor's fingerprint is the same, so its edits are found again


def test_nothing_is_saved_over_something() -> None:
    one = explained()
    Path("full").mkdir()
    Path("full/file").touch()
    Path("file").touch()
    for name in ("full", "file"):
        with pytest.raises(UsageError, match=r"something already exists at .*: name another folder, or remove it"):
            one.save(name)
    with pytest.raises(DiffexError, match=r"cannot save to .*/file/below: "):
        one.save("file/below")
    Path("empty").mkdir()
    assert one.save("empty").name == "empty"
    assert RunDirectory(Path("empty")).ranking()
    with pytest.raises(UsageError):
        one.save("empty")
