"""What ``diffex search`` prints of its statistics, and that ``diffex report`` says the same."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import math
import os
import re
import shutil
from html import unescape
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image
from typer.testing import CliRunner

from diffex_cli.artifacts.rows import RankingRow
from diffex_cli.artifacts.search_document import Detectable, Floor
from diffex_cli.commands.main import app
from diffex_cli.search.statistics.verdict import Significance

HIERARCHY = """\
schema: diffex.corpus/1
domain: shapes
nodes:
- name: surface
  group: words
  children:
  - name: rough
  - name: smooth
- name: edge
- name: shadow
- name: nothing
  placebo: true
  overrides: {strength: 0.0}
"""
CLASSIFIER = """\
import numpy as np

def colours(pictures):
    mean = np.array([np.asarray(picture, dtype=float).mean(axis=(0, 1)) / 64 for picture in pictures])
    return {"red": mean[:, 0], "green": mean[:, 1], "blue": mean[:, 2]}
"""
SEARCH = ("search", "--editor", "tint:", "--classifier", "python:three_colours:colours", "--delta", "0.01")
OPTIONS = {
    "held": ("--target", "green", "--holdout", "on", "--joint", "2", "--algorithm", "exhaustive"),
    "none": ("--target", "green", "--delta", "100", "--max-depth", "0"),
    "all": ("--target", "all", "--algorithm", "exhaustive"),
    "own": ("--target", "predicted", "--scale", "prob", "--delta", "0.001", "--max-depth", "0"),
}


def told(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four searches of one corpus with 16 pictures, which share their edits, each with its report."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("DIFFEX_")]:
            patch.delenv(name)
        patch.setenv("DIFFEX_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        Path("shapes.yaml").write_text(HIERARCHY)
        Path("three_colours.py").write_text(CLASSIFIER)
        Path("pictures").mkdir()
        random = np.random.default_rng(0)
        for i in range(16):
            Image.fromarray(random.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(f"pictures/{i}.png")
        told("corpus", "--run", "corpus", "--domain", "shapes", "--corpus-file", "shapes.yaml", "--images", "pictures")
        for name, options in OPTIONS.items():
            shutil.copytree("corpus", name)
            told(*SEARCH, "--run", name, *options)
            told("report", "--run", name)
    return folder


@pytest.fixture(autouse=True)
def here(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)


def again(name: str, *more: str) -> str:
    return told(*SEARCH, "--run", name, *OPTIONS[name], *more)


def shown_data(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(Path(name, "report", "report.json").read_text(encoding="utf-8"))
    return data


def page(name: str) -> str:
    source = Path(name, "report", "index.html").read_text(encoding="utf-8")
    visible = re.sub(r"<(style|script)\b[^>]*>.*?</\1>", " ", source, flags=re.S)
    # of all white space, that which does not break included, one space
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", visible)))


def test_the_answer_is_the_first_result_and_what_it_rests_on_the_last() -> None:
    first, second, joint, *_, holdout, counts, floor, _, _ = again("held").splitlines()
    found = json.loads(again("held", "--json"))
    assert [" ".join(one.split()) for one in found["sentences"]] == [
        " ".join(one.split()) for one in (first, second, joint, holdout, counts, floor)
    ]
    best = next(row for row in found["rows"] if row["claim"] == "matters" and row["candidate"].count(" + ") == 0)
    # the stronger one first
    assert first.startswith("What speaks most against ‘green’ is ")
    assert second.startswith("‘green’ is recognised by ")
    assert best["name"] in first
    assert holdout == "The search used 8 images; 8 more were held out to measure again what it chose."
    matter = [row for row in found["rows"] if row["claim"] == "matters" and " + " not in row["candidate"]]
    assert counts == (
        f"Of {len(matter)} attributes, {len(matter)} were shown to matter (p ≤ 0.05 when corrected for all "
        f"{found['corrected_for']} comparisons, above the noise floor) and none to be small."
    )
    assert floor.startswith(
        "Noise floor: 0.00 logits, what an attribute that these images cannot have can reach; as its"
    )


def test_table_csv_json_and_page_say_the_same() -> None:
    found = json.loads(again("held", "--json"))
    rows = {row["candidate"]: row for row in found["rows"]}
    table = {row["candidate"]: row for row in csv.DictReader(io.StringIO(Path("held/report/ranking.csv").read_text()))}
    assert table.keys() == rows.keys()
    for id, row in rows.items():
        assert table[id].keys() == row.keys()
        for column, value in row.items():
            told = table[id][column]
            if isinstance(value, bool) or value is None:
                assert told == {True: "true", False: "false", None: ""}[value]
            elif isinstance(value, str):
                assert told == value
            else:
                assert float(told) == value
    text, shown = again("held", "--all"), page("held")
    assert re.search(r"matters +[+−]\d\.\d\d\b", text)
    for line in ("held out", "Best joint combination: "):
        assert line in text
        assert line in shown
    assert f"{found['images']} searched, {found['held_out']} held out" in shown
    assert f"; on {found['held_out']} held-out images " in text
    joint = rows[found["best_joint"]]
    assert shown_data("held")["attributes"][shown_data("held")["best_joint"]]["name"] == joint["name"]
    singles = [row for row in rows.values() if " + " not in row["candidate"]]
    assert f"{sum(row['claim'] == 'matters' for row in singles)} shown to matter" in shown
    assert {one["id"]: one["claim"] for one in shown_data("held")["attributes"]} == {
        id: row["claim"] for id, row in rows.items()
    }


VERDICT = {
    # a key of search.yaml → that of --json, that of report.json (None: it names attributes in another way)
    ("target",): ("target", "target"),
    ("delta",): ("delta", "delta"),
    ("scale",): ("scale", "scale"),
    ("floor", "value"): ("noise_floor", "floor.value"),
    ("floor", "source"): ("noise_floor_source", "floor.source"),
    ("floor", "arms"): ("noise_floor_arms", "floor.arms"),
    ("floor", "n"): ("noise_floor_n", "floor.n"),
    ("detectable", "effect"): ("detectable", "detectable"),
    ("corrected_for",): ("corrected_for", "corrected_for"),
    ("corrected_for_sets",): ("corrected_for_sets", "corrected_for_sets"),
    ("best",): ("best", None),
    ("best_joint",): ("best_joint", None),
    ("passed",): ("passed", None),
}
IN_THE_RANKING = {"p_values", "coverage"}


def at(data: Any, *keys: str) -> Any:
    return at(data[keys[0]], *keys[1:]) if keys else data


@pytest.mark.parametrize("name", OPTIONS)
def test_the_verdict_is_the_same_in_all_three_files(name: str) -> None:
    told, page = json.loads(again(name, "--json")), shown_data(name)
    document = yaml.safe_load(Path(name, "search.yaml").read_text())
    for keys, (in_json, in_report) in VERDICT.items():
        value = at(document, *keys)
        if isinstance(value, float) and not math.isfinite(value):
            value = None
        assert told[in_json] == value, keys
        if in_report is not None:
            shown = at(page, *in_report.split("."))
            assert shown == (pytest.approx(value, rel=1e-4) if isinstance(value, float) else value), keys
    judged = {field.name for field in dataclasses.fields(Significance)} - IN_THE_RANKING
    assert judged == {keys[0] for keys in VERDICT} & judged
    assert {(one.name,) for one in dataclasses.fields(Detectable)} - {("alpha",), ("power",)} == {("effect",)}
    assert {("floor", one.name) for one in dataclasses.fields(Floor)} == {keys for keys in VERDICT if len(keys) > 1} - {
        ("detectable", "effect")
    }


def test_the_page_has_the_held_out_effect_beside_the_searched_one() -> None:
    row = next(row for row in json.loads(again("held", "--json"))["rows"] if row["effect_holdout"] is not None)
    shown = next(one for one in shown_data("held")["attributes"] if one["id"] == row["candidate"])
    assert shown["effect"] == pytest.approx(row["effect"], rel=1e-3)
    assert shown["holdout"]["effect"] == pytest.approx(row["effect_holdout"], rel=1e-3)
    assert row["effect"] != row["effect_holdout"]
    # pictures stand for the search's mean, so they are of its images
    assert shown["pairs"]["available"] == 8


def test_nothing_passed_everywhere() -> None:
    text, shown = again("none"), page("none")
    nothing = "Nothing was shown to matter for ‘green’. All attributes that were tried were shown to be small."
    assert nothing in text
    assert json.loads(again("none", "--json"))["passed"] == []
    assert nothing in shown
    assert "0 shown to matter" in shown
    assert "Shown to do less than δ , with the whole 95 % interval within ±100.00 logits: edge (+0.34), " in shown
    assert "Noise floor: 0.00 logits" in shown


def test_all_classes_are_named_row_by_row() -> None:
    text, shown = again("all"), page("all")
    title = "What moves python:three_colours:colours: change of the logit of the class that it moves most"
    assert f"{title} rank attribute class effect" in " ".join(text.split())
    assert "'all'" not in text
    assert "‘red’ is recognised by rough : with it, " in shown
    targets = {row["target"] for row in json.loads(again("all", "--json"))["rows"]}
    assert targets <= {"red", "green", "blue"}
    assert {one["target"] for one in shown_data("all")["attributes"]} == targets
    assert all(target in shown for target in targets)


def test_each_images_own_class_in_probabilities() -> None:
    text, shown = again("own"), page("own")
    title = "What makes python:three_colours:colours say the class predicted for each image: change of its probability"
    assert f"\n{title}\n" in text
    assert "Nothing was shown to matter for each picture’s own class. Of what could matter, " in text
    assert "in probability" in shown
    assert "logits" not in shown
    data = shown_data("own")
    for one in data["attributes"]:
        for image, delta, after in zip(
            one["pairs"]["image"], one["pairs"]["delta"][0], one["pairs"]["probability"][0], strict=True
        ):
            before = data["images"][image]["base_probability"][0]
            assert after - before == pytest.approx(delta, abs=1e-3)


def test_a_run_of_an_earlier_version_still_has_its_report(runs: Path) -> None:
    """Without the nullable columns, and without the keys of ``search.yaml`` that came with them."""
    old = runs / "old"
    shutil.copytree(runs / "held", old)
    table = pq.read_table(old / "ranking.parquet")
    optional = [field.name for field in table.schema if field.nullable]
    assert len(optional) == 44
    pq.write_table(table.drop_columns(optional), old / "ranking.parquet")
    search = yaml.safe_load((old / "search.yaml").read_text())
    since = ("passed", "held_out", "floor", "detectable", "corrected_for", "joint", "best_joint", "screening")
    for key in (*since, "scale", "accept", "direction", "groups", "racing", "max_edits", "joint_size"):
        search.pop(key, None)
    (old / "search.yaml").write_text(yaml.safe_dump(search))
    told("report", "--run", str(old))
    shown = page("old")
    assert "Nothing was shown to matter for ‘green’. Of what could matter, " in shown
    assert "The ranking has no p-values, so that nothing could be shown to matter." in shown
    assert "corrected p" not in shown.split("What the words mean attribute, group")[0]
    assert "the largest influence of an attribute that these images cannot have" in shown
    assert len((old / "report" / "ranking.csv").read_text().splitlines()[0].split(",")) == len(RankingRow.__slots__)


def test_what_a_screening_left_out_is_told(runs: Path) -> None:
    screened = runs / "screened"
    shutil.copytree(runs / "none", screened)
    search = yaml.safe_load((screened / "search.yaml").read_text())
    search["screening"] = {
        "editor": {"spec": "tint::strength=0.5", "fingerprint": "f"},
        "edits": 80,
        "candidates": [{"candidate": id, "survived": id == "edge"} for id in ("edge", "shadow", "surface")],
    }
    (screened / "search.yaml").write_text(yaml.safe_dump(search))
    told("report", "--run", str(screened))
    assert (
        "A screening with tint::strength=0.5 (80 edits) looked at 3 attributes first and left out 2 of them."
    ) in page("screened")
    assert "A screening with" not in page("none")


def test_a_named_classifier_is_called_so_wherever_people_read_of_it(runs: Path) -> None:
    shutil.copytree(runs / "held", runs / "named")
    options = (*SEARCH, "--run", "named", *OPTIONS["held"])
    assert "What makes <b>v1</b> say ‘green’" in told(*options, "--name", "<b>v1</b>\x07")
    assert "What makes <b>v1</b> say ‘green’" in told(*options)
    assert json.loads(told(*options, "--json"))["name"] == "<b>v1</b>"
    told("report", "--run", "named")
    source = Path("named/report/index.html").read_text(encoding="utf-8")
    assert "<b>v1</b>" not in source
    assert "<title>What moves ‘green’ · &lt;b&gt;v1&lt;/b&gt; · diffex</title>" in source
    data = shown_data("named")
    assert (data["name"], data["classifier"]) == ("<b>v1</b>", "python:three_colours:colours")
    told(*options, "--name", "v2")
    assert "(shapes, v2)" in told("report", "named", "--table", "latex")
    assert told("compare", "held", "named").startswith("v2, named (second) against held (first)\n")
    shutil.rmtree("named")
