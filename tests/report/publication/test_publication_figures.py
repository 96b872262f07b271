from __future__ import annotations

import dataclasses
import math
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import pytest
from drawn import share, texts
from PIL import Image

from diffex_cli.report.data import Floor, ReportData
from diffex_cli.report.publication import forest, hierarchical, joint, top
from diffex_cli.report.publication.figures import overview_png, write_figures, write_top
from diffex_cli.report.publication.sheet import LOWERS, NOISE, ORIGINAL, RAISES
from diffex_cli.report.publication.shots import Shots
from diffex_cli.report.tree import hierarchy

NAMES = ["hierarchy", "top", "forest", "joint"]


def drawn(data: ReportData) -> dict[str, str]:
    shots = Shots()
    drawings = [
        hierarchical.draw(data, hierarchy(data), shots),
        top.draw([data], shots),
        forest.draw(data),
        joint.draw(data, shots),
    ]
    return {drawing.stem: texts(drawing) for drawing in drawings if drawing is not None}


def test_the_files(judged_data: ReportData, tmp_path: Path) -> None:
    files = write_figures(judged_data, tmp_path / "new" / "figures")
    assert [file.name for file in files] == [
        *(f"{name}.{kind}" for name in NAMES for kind in ("png", "svg")),
        "captions.md",
    ]
    for png in files[:-1:2]:
        with Image.open(png) as image:
            image.load()
            assert round(image.info["dpi"][0]) == 300
            assert image.getpixel((1, 1))[:3] == (255, 255, 255)
            assert image.info["Title"]
            assert "snow background" in image.info["Description"]
            assert image.width <= 300 * 7.1
    for svg in files[1:-1:2]:
        root = ET.fromstring(svg.read_bytes())
        assert not [one for one in root.iter() if one.tag.endswith(("script", "foreignObject"))]
        links = [value for one in root.iter() for name, value in one.attrib.items() if name.endswith("href")]
        assert all(link.startswith(("#", "data:image/png")) for link in links)
    captions = files[-1].read_text()
    assert [line[3:] for line in captions.splitlines() if line.startswith("## ")] == NAMES
    assert "<script>" not in captions
    assert captions.count("Alternative text: ") == 4


def test_the_same_data_gives_the_same_bytes_whatever_the_users_style(report_data: ReportData, tmp_path: Path) -> None:
    first = write_figures(report_data, tmp_path / "a", 60)
    with mpl.rc_context(
        {"figure.facecolor": "black", "font.size": 30, "axes.edgecolor": "red", "svg.fonttype": "none"}
    ):
        second = write_figures(report_data, tmp_path / "b", 60)
    assert [file.read_bytes() for file in first] == [file.read_bytes() for file in second]


def test_every_figure_gives_effects_with_intervals_and_the_floor(judged_data: ReportData) -> None:
    told = drawn(judged_data)
    assert list(told) == NAMES
    for text in told.values():
        assert "+2.31" in text
        assert "[+2.21, +2.41]" in text
        assert "0.18" in text
    assert "could matter" in told["hierarchy"]
    assert "−0.61" in told["top"]


def test_the_hierarchy_has_the_finer_attributes_below(judged_data: ReportData) -> None:
    text = drawn(judged_data)["hierarchy"]
    assert text.index("background") < text.index("snow background") < text.index("water background")
    assert "25 %" in text
    assert "75 %" in text


def test_colours_say_what_raises_lowers_and_is_noise(judged_data: ReportData) -> None:
    plot = forest.draw(judged_data)
    assert share(plot, NOISE) > 0.005
    for color in (RAISES, LOWERS):
        assert share(plot, color) > 0.0002
    assert share(top.draw([judged_data], Shots()), ORIGINAL) > 0.001
    rows = tuple(row for row in judged_data.rows if not row.placebo)
    without = forest.draw(dataclasses.replace(judged_data, floor=None, rows=rows))
    assert share(without, NOISE) < share(plot, NOISE) / 2
    assert "The noise floor was not measured." in texts(without)


def test_the_forest_has_claims_first_and_placebos_last(judged_data: ReportData) -> None:
    text = drawn(judged_data)["forest"]
    names = ["snow background + tall crest", "snow background", "no crest", "tall crest", "hat"]
    places = [text.index(f" {name} ") for name in names[1:]]
    assert places == sorted(places)
    assert "on 4 held-out images" in text
    assert "placebo: the images cannot have it" in text
    assert "shown to matter: blue raises, orange lowers" in text


def test_the_forest_counts_what_it_leaves_out(report_data: ReportData) -> None:
    row = report_data.rows[0]
    many = tuple(
        dataclasses.replace(row, candidate=f"a{i}", name=f"a{i}", rank=i + 1, n=5 if i == 3 else row.n)
        for i in range(31)
    )
    text = drawn(dataclasses.replace(report_data, rows=many))["forest"]
    assert "11 more were measured." in text
    assert "n = 5" in text


def test_a_set_is_drawn_beside_its_parts_on_one_image(judged_data: ReportData) -> None:
    text = drawn(judged_data)["joint"]
    for words in ("original", "together", "sum of these", "+2.71", "+3.30", "[+3.00, +3.60]"):
        assert words in text
    assert "interaction +0.59 [+0.21, +0.97]" in text
    assert "includes zero" not in text
    assert "script" not in text  # the other set has no pictures


def test_the_interaction_that_may_be_none_says_so(judged_data: ReportData) -> None:
    rows = tuple(
        dataclasses.replace(row, interaction_low=-0.2) if row.interaction is not None else row
        for row in judged_data.rows
    )
    text = drawn(dataclasses.replace(judged_data, rows=rows))["joint"]
    assert "[−0.20, +0.97], includes zero" in text


def test_a_part_measured_on_other_images_has_no_interval(judged_data: ReportData) -> None:
    parts = {
        id: tuple(dataclasses.replace(part, effect=part.effect + 0.2) for part in of)
        for id, of in judged_data.parts.items()
    }
    text = drawn(dataclasses.replace(judged_data, parts=parts))["joint"]
    assert "+2.51" in text
    assert "[+2.21, +2.41]" not in text


def test_without_sets_there_is_no_figure_of_them(nothing_passed: ReportData, tmp_path: Path) -> None:
    files = write_figures(nothing_passed, tmp_path, 60)
    assert not [file for file in files if file.stem == "joint"]
    told = drawn(nothing_passed)
    assert "Nothing was shown to matter for ‘cardinal’; its strongest attributes" in told["hierarchy"]
    assert "Nothing was shown to matter" in told["top"]


def test_hostile_names_are_shown_as_they_are(report_data: ReportData, tmp_path: Path) -> None:
    assert "&lt;script&gt;alert(" in drawn(report_data)["forest"].replace(" ", "")
    mathematics = dataclasses.replace(report_data.rows[0], name=r"$\frac{x}$ {a} \n")
    data = dataclasses.replace(report_data, rows=(mathematics, *report_data.rows[1:]))
    assert r"$\frac{x}$ {a} \n" in drawn(data)["forest"]
    write_figures(data, tmp_path, 60)
    assert r"\{a\}" in (tmp_path / "captions.md").read_text()


def test_letters_that_no_font_has_are_no_error(report_data: ReportData) -> None:
    strange = dataclasses.replace(report_data.rows[0], name="雪の背景 \U00013080")
    assert "雪の背景" in drawn(dataclasses.replace(report_data, rows=(strange, *report_data.rows[1:])))["top"]


def test_missing_pictures_are_said_in_words(report_data: ReportData, tmp_path: Path) -> None:
    for pairs in report_data.pairs.values():
        for pair in pairs:
            pair.edited.file.write_bytes(b"torn")
    told = drawn(report_data)
    assert "There are no pictures to show." in told["hierarchy"]
    assert "There are no pictures to show." in told["top"]
    assert "+2.31" in told["forest"]
    empty = dataclasses.replace(report_data, rows=(), pairs={})
    assert "Nothing was measured." in drawn(empty)["forest"]
    assert len(write_figures(empty, tmp_path / "empty", 60)) == 7


def test_unknown_numbers_are_left_out(with_rows: Callable[..., ReportData]) -> None:
    data = with_rows({"background/snow": {"low": math.nan, "high": math.nan}})
    text = drawn(data)["forest"]
    assert "+2.31" in text
    assert "nan" not in text


def test_all_classes_are_named(judged_data: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, target="jay") for row in judged_data.rows)
    data = dataclasses.replace(judged_data, target="all", rows=rows)
    assert "→ jay" in drawn(data)["top"]
    assert "What moves each class most" in drawn(data)["hierarchy"]


def test_several_runs_below_each_other(report_data: ReportData, nothing_passed: ReportData, tmp_path: Path) -> None:
    other = dataclasses.replace(nothing_passed, domain="cars", floor=Floor(0.25, "placebos", 3))
    drawing = top.draw([report_data, other], Shots())
    text = texts(drawing)
    assert text.index("birds: cardinal (birds:species)") < text.index("cars: cardinal (birds:species)")
    assert "Noise floor: ±0.25 logits." in text
    assert "Nothing was shown to matter; these are the strongest." in text
    assert [file.name for file in write_top([report_data, other], tmp_path)] == ["top.png", "top.svg", "captions.md"]
    assert drawing.sheet.bottom > top.draw([report_data], Shots()).sheet.bottom


def test_the_overview_for_screens(report_data: ReportData) -> None:
    made = overview_png(report_data, hierarchy(report_data))
    assert made.startswith(b"\x89PNG")
    assert made == overview_png(report_data, hierarchy(report_data))


@pytest.mark.parametrize("columns", [1, 7])
def test_long_names_widen_nothing(report_data: ReportData, columns: int) -> None:
    name = "an attribute with a remarkably long_unbreakable_descriptiontextthatgoesonandon"
    row = next(row for row in report_data.rows if row.candidate == "evil")
    pairs = {f"x{i}": report_data.pairs["evil"] for i in range(columns)}
    rows = tuple(dataclasses.replace(row, candidate=id, name=name, rank=i + 1) for i, id in enumerate(pairs))
    data = dataclasses.replace(report_data, rows=rows, pairs=pairs)
    drawing = top.draw([data], Shots())
    assert drawing.sheet.width <= 490
    assert "an attribute" in texts(drawing)
