from __future__ import annotations

import dataclasses
import html.parser
import math
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from diffex_cli.report.build import build
from diffex_cli.report.data import ReportData

HOSTILE = "<script>alert('x')</script>"
VOID = {"meta", "link", "br"}


class Page(html.parser.HTMLParser):
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


def read(data: ReportData, folder: Path) -> tuple[str, Page]:
    source = build(data, folder).html.read_text(encoding="utf-8")
    return source, Page(source)


def test_the_page_shows_the_whole_explanation(report_data: ReportData, tmp_path: Path) -> None:
    _, page = read(report_data, tmp_path / "report")
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


def test_nothing_is_fetched_and_only_the_own_script_may_run(report_data: ReportData, tmp_path: Path) -> None:
    source, page = read(report_data, tmp_path / "report")
    targets = [attributes.get(name) or "" for _, attributes in page.tags for name in ("src", "href")]
    assert {target for target in targets if target} == {"#attributes", "data:,"}
    assert all(address.startswith("data:") for address in re.findall(r"url\(\"?([^\")]*)", source))
    assert "@import" not in source
    assert "http://" not in source
    assert "https://" not in source
    policy = next(a["content"] or "" for t, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/]{43}='", policy)


def test_names_from_outside_are_only_text(report_data: ReportData, tmp_path: Path) -> None:
    javascript = 'javascript:alert("y")'
    rows = (dataclasses.replace(report_data.rows[0], name='" onload="x', reason=javascript), *report_data.rows[1:])
    data = dataclasses.replace(
        report_data, rows=rows, domain=HOSTILE, classifier="</style><img src=x>", editor=javascript, target=HOSTILE
    )
    _, page = read(data, tmp_path / "report")
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not any(tag == "img" for tag, _ in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not any((attributes.get("href") or "").startswith("javascript") for _, attributes in page.tags)
    assert HOSTILE in page.text
    assert javascript in page.text


def test_each_picture_is_embedded_once(report_data: ReportData, tmp_path: Path) -> None:
    source, page = read(report_data, tmp_path / "report")
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


def test_unknown_numbers_are_dashes(with_rows: Callable[..., ReportData], tmp_path: Path) -> None:
    gone = {"effect": math.nan, "influence": math.nan, "low": math.nan, "high": math.inf}
    data = with_rows({"background/snow": gone, "head": gone})
    shot = dataclasses.replace(data.pairs["evil"][0].original, probability=math.nan)
    pairs = {**data.pairs, "evil": tuple(dataclasses.replace(pair, original=shot) for pair in data.pairs["evil"])}
    _, page = read(dataclasses.replace(data, pairs=pairs, delta=math.nan), tmp_path / "report")
    assert "nan" not in page.text.split()
    assert "inf" not in page.text.split()
    assert "–" in page.text


def test_nothing_to_show_still_gives_three_files(report_data: ReportData, tmp_path: Path) -> None:
    data = dataclasses.replace(report_data, rows=(), pairs={}, levels=(), settings=(), provenance={}, warnings=())
    report = build(data, tmp_path / "new" / "report")
    assert "No attribute was scored." in Page(report.html.read_text(encoding="utf-8")).text
    assert report.csv.read_text(encoding="utf-8").count("\n") == 1
    assert opened(report.figure).size[0] > 300


def test_no_attribute_above_the_threshold_is_said_first(with_rows: Callable[..., ReportData], tmp_path: Path) -> None:
    _, page = read(with_rows({}, status="dropped"), tmp_path / "report")
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
