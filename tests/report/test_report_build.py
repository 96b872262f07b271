from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.artifacts.rows import InputImage
from diffex_cli.report.build import build
from diffex_cli.report.data import ReportData
from diffex_cli.report.html import safe_json

HOSTILE = "<script>alert('x')</script>"


class Page(HTMLParser):
    """A page's tags, and the content of its scripts and styles."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.raw: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._inside = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag in ("script", "style"):
            self.raw.append((dict(attrs).get("id") or tag, ""))

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            self.raw[-1] = (self.raw[-1][0], self.raw[-1][1] + data)
        else:
            self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.words))

    def json(self, id: str) -> Any:
        return json.loads(dict(self.raw)[id])

    @property
    def policy(self) -> str:
        metas = (attributes for tag, attributes in self.tags if tag == "meta")
        return next(one["content"] or "" for one in metas if one.get("http-equiv") == "Content-Security-Policy")


def read(data: ReportData, folder: Path, **options: Any) -> tuple[str, Page]:
    source = build(data, folder / "report", **options).html.read_text(encoding="utf-8")
    return source, Page(source)


def opened(file: Path) -> Image.Image:
    with Image.open(file) as image:
        return image.convert("RGB")


def test_the_page_holds_words_data_and_pictures(judged_data: ReportData, tmp_path: Path) -> None:
    _, page = read(judged_data, tmp_path)
    assert "What raises ‘cardinal’ most is snow background." in page.text
    data, pictures = page.json("diffex-data"), page.json("diffex-pictures")
    assert data["schema"] == "diffex.report/1"
    assert [one["name"] for one in data["attributes"]][:2] == ["snow background", "no crest"]
    assert pictures["base"] == "data:image/webp;base64,"
    assert len(pictures["sources"]) == len(set(pictures["sources"])) == len(pictures["width"])
    assert pictures["large"] is None, "nothing is stored twice"
    number = data["attributes"][0]["pairs"]["picture"][0]
    assert base64.b64decode(pictures["sources"][number])[8:12] == b"WEBP"
    assert (pictures["width"][number], pictures["height"][number]) == (32, 24)


def test_only_the_own_style_and_script_may_act_and_nothing_is_fetched(report_data: ReportData, tmp_path: Path) -> None:
    _, page = read(report_data, tmp_path)
    assert page.policy.startswith("default-src 'none'; img-src data:; ")

    def digest(kind: str) -> str:
        content = next(text for name, text in page.raw if name == kind)
        return "sha256-" + base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()

    assert f"script-src '{digest('script')}'" in page.policy
    assert f"style-src '{digest('style')}'" in page.policy
    assert sum(tag == "script" for tag, _ in page.tags) == 3
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.tags for name in attributes)
    targets = [attributes.get(name) or "" for _, attributes in page.tags for name in ("src", "href")]
    assert all(target.startswith(("#", "data:,")) for target in targets if target)
    style = next(text for name, text in page.raw if name == "style")
    assert all(address.startswith("#") for address in re.findall(r"url\(\"?([^\")]*)", style))
    assert "@import" not in style


def test_names_from_outside_are_only_text(report_data: ReportData, tmp_path: Path) -> None:
    javascript = 'javascript:alert("y")'
    rows = (dataclasses.replace(report_data.rows[0], name='" onload="x', reason=javascript), *report_data.rows[1:])
    evil = "</script><script>alert(1)</script>\u2028<!--"
    data = dataclasses.replace(
        report_data, rows=rows, domain=evil, classifier="</style><img src=x>", editor=javascript, target=HOSTILE
    )
    _, page = read(data, tmp_path)
    assert sum(tag == "script" for tag, _ in page.tags) == 3
    assert not any(attributes.get("src") == "x" for _, attributes in page.tags)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not any((attributes.get("href") or "").startswith("javascript") for _, attributes in page.tags)
    assert page.json("diffex-data")["domain"] == evil


def test_json_in_a_page_has_no_sign_that_html_knows() -> None:
    value = {"<a>": ["&amp;", "</script>", "\u2028\u2029", "<!--", "ü"]}
    text = safe_json(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value
    with pytest.raises(ValueError, match="JSON"):
        safe_json([math.nan])


def test_a_folder_whose_name_is_no_text_still_gets_its_page(report_data: ReportData, tmp_path: Path) -> None:
    data = dataclasses.replace(report_data, warnings=("the folder b\udcff is odd",))
    _, page = read(data, tmp_path)
    assert "the folder b? is odd" in page.text
    assert "b?" in (tmp_path / "report" / "report.json").read_text(encoding="utf-8")


def test_above_the_size_cap_the_pictures_lie_beside_the_page(report_data: ReportData, tmp_path: Path) -> None:
    whole = build(report_data, tmp_path / "report")
    assert whole.assets is None
    assert whole.size == len(whole.html.read_bytes())
    assert build(report_data, tmp_path / "report", max_size=whole.size + 3000).assets is None
    capped = build(report_data, tmp_path / "report", max_size=whole.size - 1000)
    assert capped.assets == tmp_path / "report" / "assets"
    page = Page(capped.html.read_text(encoding="utf-8"))
    pictures = page.json("diffex-pictures")
    assert pictures["base"] == "assets/"
    assert {f"{capped.assets.name}/{file.name}" for file in capped.assets.iterdir()} == {
        f"assets/{name}" for name in pictures["sources"]
    }
    assert "img-src data: 'self' file:" in page.policy
    assert capped.size < whole.size
    build(report_data, tmp_path / "report")
    assert not capped.assets.exists()


@pytest.fixture
def photographs(report_data: ReportData) -> ReportData:
    """The report's data with one attribute, whose pictures have 400 × 300 pixels."""
    pairs = report_data.pairs["evil"]
    for number, shot in enumerate(shot for pair in pairs for shot in (pair.original, pair.edited)):
        pixels = np.random.default_rng(number).integers(0, 255, (300, 400, 3), np.uint8)
        Image.fromarray(pixels).save(shot.file)
    return dataclasses.replace(report_data, pairs={"evil": pairs})


def test_large_pictures_are_in_the_page_beside_it_or_both_are(photographs: ReportData, tmp_path: Path) -> None:
    def built(**options: Any) -> tuple[Any, dict[str, Any], set[str]]:
        report = build(photographs, tmp_path / "report", **options)
        page = Page(report.html.read_text(encoding="utf-8"))
        names = {file.name for file in (tmp_path / "report" / "assets").glob("*")}
        assert ("'self' file:" in page.policy) == bool(names)
        return report, page.json("diffex-pictures"), names

    small, without, _ = built(max_pixels=0)
    assert set(without["large"]["sources"]) == {None}
    whole, found, names = built()
    assert (whole.assets, names) == (None, set())
    assert found["large"]["base"] == found["base"] == "data:image/webp;base64,"
    assert (found["large"]["width"], found["large"]["own_height"]) == ([400] * 12, [300] * 12)
    assert (found["width"], found["height"]) == ([192] * 12, [144] * 12)
    between, found, names = built(max_size=(whole.size + small.size) // 2)
    assert between.size < (whole.size + small.size) // 2
    assert (between.assets, between.thumbnails_beside) == (tmp_path / "report" / "assets", False)
    assert (found["base"], found["large"]["base"]) == ("data:image/webp;base64,", "assets/")
    assert names == set(found["large"]["sources"])
    beside, found, names = built(max_size=small.size // 2)
    assert (beside.thumbnails_beside, found["base"]) == (True, "assets/")
    assert names == {*found["sources"], *found["large"]["sources"]}
    _, found, names = built(max_size=small.size // 2, max_pixels=300)
    assert (names, set(found["large"]["width"])) == ({*found["sources"], *found["large"]["sources"]}, {300})
    assert built()[2] == set()


def test_the_files_beside_the_page_say_the_same(judged_data: ReportData, tmp_path: Path) -> None:
    report = build(judged_data, tmp_path / "report")
    data = json.loads(report.data.read_text(encoding="utf-8"))
    page = Page(report.html.read_text(encoding="utf-8")).json("diffex-data")
    assert {name: value for name, value in data.items() if name != "pictures"} == page
    number = data["attributes"][0]["pairs"]["picture"][0]
    assert opened(tmp_path / data["pictures"][number]).size == (32, 24)
    lines = report.edits.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + data["counts"]["edits"]
    assert lines[1].startswith("background/snow,snow background,image-2,,,ok,2.26,0.25,0.5,0.75,")
    assert report.csv.read_text(encoding="utf-8").count("\n") == 1 + len(judged_data.rows)


def test_nothing_to_show_still_gives_all_files(report_data: ReportData, tmp_path: Path) -> None:
    data = dataclasses.replace(report_data, rows=(), pairs={}, levels=(), settings=(), provenance={}, warnings=())
    report = build(data, tmp_path / "new" / "report")
    assert "Nothing could be measured for ‘cardinal’." in Page(report.html.read_text(encoding="utf-8")).text
    assert report.csv.read_text(encoding="utf-8").count("\n") == 1
    assert report.edits.read_text(encoding="utf-8").count("\n") == 1
    assert opened(report.figure).size[0] > 300


def test_unreadable_pictures_are_left_out_with_a_warning(report_data: ReportData, tmp_path: Path) -> None:
    for pair in report_data.pairs["evil"]:
        pair.edited.file.write_bytes(b"")
    report = build(report_data, tmp_path / "report")
    page = Page(report.html.read_text(encoding="utf-8"))
    assert len(report.warnings) == 6
    assert report.warnings[0] in page.text
    evil = next(one for one in page.json("diffex-data")["attributes"] if one["id"] == "evil")
    assert evil["pairs"]["picture"] == [None] * 6
    assert (evil["pairs"]["pictured"], evil["pairs"]["available"]) == (0, 6)


def test_the_same_data_gives_the_same_bytes(report_data: ReportData, tmp_path: Path) -> None:
    turned = dataclasses.replace(report_data, rows=tuple(reversed(report_data.rows)))
    first, second = build(report_data, tmp_path / "a"), build(turned, tmp_path / "b")
    for name in ("html", "csv", "edits", "data", "figure"):
        assert getattr(first, name).read_bytes() == getattr(second, name).read_bytes()


@pytest.mark.parametrize("name", ["$\\frac{", "金色の鳥冠", "a" * 200, "", "two\nlines $x$"])
def test_the_figure_survives_any_name(with_rows: Callable[..., ReportData], tmp_path: Path, name: str) -> None:
    data = dataclasses.replace(with_rows({}, name=name), target=name, classifier=name)
    picture = opened(build(data, tmp_path / "report").figure)
    assert 700 <= picture.size[0] <= 1500


def test_the_figure_marks_originals_red(report_data: ReportData, tmp_path: Path) -> None:
    picture = opened(build(report_data, tmp_path / "report").figure)
    colors = Counter(color for _, color in picture.getcolors(2**24) or [])
    assert (0xD1, 0x1F, 0x2F) in colors
    assert (0x11, 0x11, 0x11) in colors


@pytest.mark.parametrize("unknown", [None, math.nan])
def test_unknown_figures_are_never_printed(judged_data: ReportData, tmp_path: Path, unknown: float | None) -> None:
    ends = ("low_holdout", "high_holdout", "interaction_low", "interaction", "joint_sum", "necessity_low", "p_value")
    gone: dict[str, Any] = dict.fromkeys(ends, unknown)
    rows = tuple(dataclasses.replace(row, **gone) for row in judged_data.rows)
    _, page = read(dataclasses.replace(judged_data, rows=rows, screening=HOSTILE, parts={}), tmp_path)
    assert not {"nan", "None", "inf"} & set(unescape(page.text).split())
    assert HOSTILE in page.text


def test_data_that_would_make_the_page_too_large_are_packed(report_data: ReportData, tmp_path: Path) -> None:
    """Only where that helps: then the page is opened by browsers of the last years alone."""
    key = next(iter(report_data.pairs.values()))[0].image
    long = InputImage(key, "images/a.png", " ".join(f"from {i}" for i in range(40_000)), 32, 24)
    evidence = dataclasses.replace(report_data.evidence, images={**report_data.evidence.images, key: long})
    many = dataclasses.replace(report_data, evidence=evidence)
    report = build(many, tmp_path / "report", max_size=10**7)
    plain = Page(report.html.read_text(encoding="utf-8"))
    words = len("".join(text for kind, text in plain.raw if kind == "script"))
    small = build(many, tmp_path / "report", max_size=report.size - words // 4)
    assert small.size <= report.size - words // 4
    assert small.thumbnails_beside
    source = small.html.read_text(encoding="utf-8")
    holder = re.search(r'<script type="application/gzip" id="diffex-data">([^<]*)<', source)
    assert holder is not None
    packed = json.loads(gzip.decompress(base64.b64decode(holder[1])))
    assert packed == plain.json("diffex-data")
    assert {**json.loads(small.data.read_text(encoding="utf-8")), "pictures": 0} == {**packed, "pictures": 0}
    scripts = re.findall(r'<script(?: type="text/plain" id="diffex-script")?>(.*?)</script>', source, re.DOTALL)
    digests = ["sha256-" + base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in scripts]
    assert f"script-src '{digests[0]}' '{digests[1]}';" in Page(source).policy
    hopeless = build(many, tmp_path / "report", max_size=1000)
    assert Page(hopeless.html.read_text(encoding="utf-8")).json("diffex-data") == packed
