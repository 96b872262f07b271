from __future__ import annotations

import dataclasses
import math
import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from diffex_cli.report import html
from diffex_cli.report.build import build
from diffex_cli.report.data import ReportData
from diffex_cli.report.pictures import Gallery
from diffex_cli.report.tree import hierarchy

HOSTILE = "<script>alert('x')</script>"
VOID = {"meta", "link", "br"}
JOINT = "background/snow + head/crest/tall-crest"


class Page(HTMLParser):
    """A page's tags and text; checks that every tag is closed."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] not in {"script", "style"}:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def classes(self) -> Counter[str]:
        return Counter(name for _, attributes in self.tags for name in (attributes.get("class") or "").split())


def opened(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.convert("RGB")


def read(data: ReportData) -> tuple[str, Page]:
    source = html.page(data, hierarchy(data), Gallery())
    return source, Page(source)


def test_the_page_shows_the_whole_explanation(report_data: ReportData) -> None:
    _, page = read(report_data)
    for words in (
        "‘cardinal’ is raised most by snow background",
        "Noise floor: 0.042 logits",
        "Pictures: the 4 of 6 images whose change lies closest to the mean.",
        "Not scored: desert background",
        "Not scored: tail",
        "How the search went",
        "from 0.50 for the unedited reconstruction",
        "max_depth",
        "2026-01-02T03:04:05Z",
    ):
        assert words in page.text
    assert page.classes()["placebo"] == 1
    assert page.classes()["group"] == 3
    assert page.classes()["is-group"] == 3
    assert page.classes()["effect"] == len(report_data.rows)
    assert "+2.31" in page.text
    assert "−0.61" in page.text


def test_nothing_is_fetched_and_only_the_own_script_may_run(report_data: ReportData) -> None:
    source, page = read(report_data)
    targets = [attributes.get(name) or "" for _, attributes in page.tags for name in ("src", "href")]
    assert {target for target in targets if target} == {"#attributes", "data:,"}
    assert all(address.startswith("data:") for address in re.findall(r"url\(\"?([^\")]*)", source))
    assert "@import" not in source
    assert "http://" not in source
    assert "https://" not in source
    policy = next(a["content"] or "" for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)


def test_names_from_outside_are_only_text(report_data: ReportData) -> None:
    javascript = 'javascript:alert("y")'
    rows = (dataclasses.replace(report_data.rows[0], name='" onload="x', reason=javascript), *report_data.rows[1:])
    data = dataclasses.replace(
        report_data, rows=rows, domain=HOSTILE, classifier="</style><img src=x>", editor=javascript, target=HOSTILE
    )
    _, page = read(data)
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any(tag == "img" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not any((attributes.get("href") or "").startswith("javascript") for _, attributes in page.tags)
    assert HOSTILE in page.text
    assert javascript in page.text


def test_each_picture_is_embedded_once(report_data: ReportData) -> None:
    source, page = read(report_data)
    embedded = re.findall(
        r"^\.(p[0-9a-f]{12})\{background-image:url\(\"(data:image/jpeg;base64,[^\"]+)\"\)", source, re.M
    )
    names = [name for name, _ in embedded]
    assert len(set(names)) == len(names)
    used = {name for name in page.classes() if re.fullmatch("p[0-9a-f]{12}", name)}
    assert used == set(names)
    assert page.classes()["shot"] == 2 * 4 * len(report_data.rows) + 2 * 4
    assert "aspect-ratio:32/24" in source


def test_a_large_report_stays_small(report_data: ReportData, tmp_path: Path) -> None:
    noise = Image.effect_noise((128, 128), 60).convert("RGB")
    pairs = {}
    for candidate, some in report_data.pairs.items():
        made = []
        for pair in some:
            for shot in (pair.original, pair.edited):
                Image.blend(noise, opened(shot.file).resize(noise.size), 0.5).save(shot.file)
            made.append(pair)
        pairs[candidate] = tuple(made)
    source = build(dataclasses.replace(report_data, pairs=pairs), tmp_path / "report").html.read_text(encoding="utf-8")
    pictures = source.count("data:image/jpeg")
    assert len(source) / pictures < 6_000_000 / (60 * 4 + 48)


def test_unknown_numbers_are_dashes(with_rows: Callable[..., ReportData]) -> None:
    gone = {"effect": math.nan, "influence": math.nan, "low": math.nan, "high": math.inf}
    data = with_rows({"background/snow": gone, "head": gone})
    shot = dataclasses.replace(data.pairs["evil"][0].original, probability=math.nan)
    pairs = {**data.pairs, "evil": tuple(dataclasses.replace(pair, original=shot) for pair in data.pairs["evil"])}
    _, page = read(dataclasses.replace(data, pairs=pairs, delta=math.nan))
    assert "nan" not in page.text.split()
    assert "inf" not in page.text.split()
    assert "–" in page.text


def test_nothing_to_show_still_gives_three_files(report_data: ReportData, tmp_path: Path) -> None:
    data = dataclasses.replace(report_data, rows=(), pairs={}, levels=(), settings=(), provenance={}, warnings=())
    report = build(data, tmp_path / "new" / "report")
    assert "No attribute was scored." in Page(report.html.read_text(encoding="utf-8")).text
    assert report.csv.read_text(encoding="utf-8").count("\n") == 1
    assert opened(report.figure).size[0] > 300


def test_no_attribute_above_the_threshold_is_said_first(with_rows: Callable[..., ReportData]) -> None:
    _, page = read(with_rows({}, status="dropped"))
    assert "No attribute that was tried passed δ" in page.text
    assert "The strongest that did not pass" in page.text


def test_unreadable_pictures_are_left_out_with_a_warning(report_data: ReportData, tmp_path: Path) -> None:
    for pair in report_data.pairs["evil"]:
        pair.edited.file.write_bytes(b"")
    report = build(report_data, tmp_path / "report")
    page = Page(report.html.read_text(encoding="utf-8"))
    assert len(report.warnings) == 6
    assert report.warnings[0] in page.text
    assert "No pictures to show." in page.text


def test_the_same_data_gives_the_same_bytes(report_data: ReportData, tmp_path: Path) -> None:
    turned = dataclasses.replace(report_data, rows=tuple(reversed(report_data.rows)))
    first, second = build(report_data, tmp_path / "a"), build(turned, tmp_path / "b")
    for name in ("html", "csv", "figure"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()


@pytest.mark.parametrize("name", ["$\\frac{", "金色の鳥冠", "a" * 200, "", "two\nlines $x$"])
def test_the_figure_survives_any_name(with_rows: Callable[..., ReportData], tmp_path: Path, name: str) -> None:
    data = dataclasses.replace(with_rows({}, name=name), target=name, classifier=name)
    picture = opened(build(data, tmp_path / "report").figure)
    assert 900 <= picture.size[0] <= 1500


def test_the_figure_marks_originals_red(report_data: ReportData, tmp_path: Path) -> None:
    picture = opened(build(report_data, tmp_path / "report").figure)
    colors = Counter(color for _, color in picture.getcolors(2**24) or [])
    assert (0xD1, 0x1F, 0x2F) in colors
    assert (0x11, 0x11, 0x11) in colors


def cells(source: str, title: str) -> list[dict[str, str]]:
    """A section's table: for each row, heading → text."""
    section = source[source.index(f'aria-labelledby="{title}"') :]
    table = section[section.index("<table") : section.index("</table>")]

    def texts(row: str) -> list[str]:
        return [
            " ".join(unescape(re.sub("<[^>]*>", " ", cell)).split())
            for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        ]

    heads, *rows = (texts(row) for row in re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.S))
    assert all(len(row) == len(heads) for row in rows)
    return [dict(zip(heads, row, strict=True)) for row in rows]


def test_a_holdout_is_told_apart_from_the_search(judged_data: ReportData) -> None:
    source, page = read(judged_data)
    for words in (
        "6 searched, 4 held out",
        "+2.31 +2.21 to +2.41 +2.08 +1.78 to +2.38 held out",
        "ring below the bar: the effect on the 4 held-out images, which the search did not use",
        "Search estimate",
        "Held-out estimate",
        "passed p 0.022 · confirmed",
        "kept, not beyond chance p 0.33 · not confirmed",
        "the held-out images do not confirm it: ‘crest’",
    ):
        assert words in page.text
    row = cells(source, "ranking-title")[0]
    assert (row["search estimate"], row["95 % interval"], row["n"]) == ("+2.31", "+2.21 to +2.41", "6")
    assert (row["held out"], row["its interval"], row["its n"]) == ("+2.08", "+1.78 to +2.38", "4")
    assert (row["p"], row["corrected p"], row["Δ probability"]) == ("0.011", "0.022", "+0.12")
    rings = [attributes for tag, attributes in page.tags if tag == "circle"]
    assert len(rings) == sum(row.effect_holdout is not None for row in judged_data.rows)


def test_the_noise_floor_is_on_the_bars_and_in_words(judged_data: ReportData) -> None:
    _, page = read(judged_data)
    assert page.classes()["noise"] == len(judged_data.rows)
    low = sum(row.influence <= 0.18 and not row.placebo for row in judged_data.rows)
    assert page.classes()["below"] == low > 0
    assert "dropped, below the noise floor" in page.text
    assert "kept, below the noise floor" in page.text
    assert "Noise floor: 0.18 logits, what 2 attributes that these images cannot have can reach." in page.text


def test_a_race_says_how_many_images_each_attribute_got(judged_data: ReportData) -> None:
    rows = tuple(dataclasses.replace(row, n=row.images or row.n) for row in judged_data.rows)
    source, page = read(dataclasses.replace(judged_data, rows=rows))
    assert "3 of 6; its place was certain by then" in page.text
    assert "Not every attribute got all images" in page.text
    assert [row["images each"] for row in cells(source, "trace-title")] == ["3 to 6", "3 to 6", "6"]
    all_images = tuple(dataclasses.replace(row, images=6) for row in rows)
    assert "images each" not in read(dataclasses.replace(judged_data, rows=all_images))[1].text


def test_sets_are_shown_with_their_sum_and_interaction(judged_data: ReportData) -> None:
    source, page = read(judged_data)
    assert "Best joint combination: snow background + tall crest (+3.30 logits" in page.text
    assert "so that they interact by +0.59 (+0.21 to +0.97)" in page.text
    best, weak = cells(source, "sets-title")
    assert best["set"] == "snow background + tall crest best joint combination"
    assert best["effects one by one"] == "snow background +2.31 tall crest +0.40"
    assert (best["their sum"], best["interaction, 95 % interval"]) == ("+2.71", "+0.59 +0.21 to +0.97")
    assert best["together, 95 % interval"].startswith("+3.30 +3.00 to +3.60")
    assert weak["set"] == f"snow background + {HOSTILE}"
    assert weak["interaction, 95 % interval"] == "−0.23 −0.60 to +0.14"
    assert page.classes()["best"] == 1
    assert "9, 5 kept, 2 passed" in page.text
    tree = source[source.index('<ul class="tree">') : source.index('aria-labelledby="sets-title"')]
    assert "tall crest +" not in tree
    assert "snow background +" not in tree


def test_nothing_passed_is_said_first_with_what_could_have_been_missed(
    nothing_passed: ReportData, tmp_path: Path
) -> None:
    report = build(nothing_passed, tmp_path / "report")
    source = report.html.read_text(encoding="utf-8")
    page = Page(source)
    heading = unescape(re.sub("<[^>]*>", "", source[source.index("<h1>") : source.index("</h1>")]))
    assert heading.startswith("Nothing passed: no attribute that was tried can be told from noise for ‘cardinal’.")
    assert "Noise floor: 0.18 logits, what the strongest attribute would reach by chance" in page.text
    assert "finds an effect of 0.77 logits four times out of five; a smaller one could have been missed" in page.text
    assert "The strongest that did not pass" in page.text
    assert "Attributes together" not in page.text
    assert "0 passed" in page.text


def test_with_all_classes_each_row_names_its_own(judged_data: ReportData, tmp_path: Path) -> None:
    rows = tuple(
        dataclasses.replace(row, target=HOSTILE if row.candidate == "-head/crest/no-crest" else "jay")
        for row in judged_data.rows
    )
    report = build(dataclasses.replace(judged_data, rows=rows, target="all"), tmp_path / "report")
    source = report.html.read_text(encoding="utf-8")
    page = Page(source)
    assert {row["class"] for row in cells(source, "ranking-title")} == {"jay", HOSTILE}
    assert "Of all classes, ‘jay’ is raised most, by snow background" in page.text
    assert "‘all’" not in page.text
    assert f"no crest on ‘{HOSTILE}’" in page.text
    labels = [attributes.get("aria-label") or "" for _, attributes in page.tags]
    assert any("probability of jay" in label for label in labels)
    assert not any("probability of all" in label for label in labels)


def test_effects_on_the_probability_are_never_called_logits(judged_data: ReportData) -> None:
    _, page = read(dataclasses.replace(judged_data, scale="prob"))
    assert "logit" not in page.text
    assert "+2.31 in probability" in page.text


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_unknown_figures_are_never_printed(judged_data: ReportData, unknown: float | None) -> None:
    ends = ("low_holdout", "high_holdout", "interaction_low", "interaction", "joint_sum", "necessity_low", "p_value")
    gone: dict[str, Any] = dict.fromkeys(ends, unknown)
    rows = tuple(dataclasses.replace(row, **gone) for row in judged_data.rows)
    _, page = read(dataclasses.replace(judged_data, rows=rows, screening=HOSTILE, parts={}))
    assert not {"nan", "None", "inf"} & set(page.text.split())
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert f"How the search went {HOSTILE}" in page.text
