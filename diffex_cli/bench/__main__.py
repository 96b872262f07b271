"""``make bench``: measures the embedded domain and writes the tables that ``docs/birds.md`` shows.

Edit quality is judged by the probe on the sample images, rankings against the exact influences. Each
table stands between markers in the document, so that it can be renewed without touching the prose.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from diffex_cli import registry
from diffex_cli.bench.grid import edit_grid
from diffex_cli.birds import samples
from diffex_cli.birds.quality import Quality, measure
from diffex_cli.birds.truth import Agreement
from diffex_cli.configuration import resolve
from diffex_cli.editors.base import Editor
from diffex_cli.settings import Settings
from diffex_cli.stages import corpus, search
from diffex_cli.stages.progress import SilentProgress
from diffex_cli.stages.truth import judge

CLASSIFIERS = ("birds:species", "birds:shortcut", "birds:null")


def main() -> None:
    """Measure, print, and write into the document if one is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--docs", type=Path, help="the Markdown file whose tables to renew")
    parser.add_argument("--editors", nargs="+", default=["ledits:birds", "render:birds"])
    parser.add_argument("--grid", type=Path, help="where to draw the edits of one sample image")
    parser.add_argument("--images", type=int, default=samples.COUNT, help="for the edit quality")
    parser.add_argument("--search-images", type=int, default=16, help="for the rankings")
    arguments = parser.parse_args()
    if arguments.grid is not None:
        edit_grid(open_editor(arguments.editors[0]), list(samples.records())[1]).save(arguments.grid, optimize=True)
    tables = {
        "quality": quality_table(arguments.editors[0], arguments.images),
        "truth": truth_table(arguments.editors, arguments.search_images),
    }
    for name, table in tables.items():
        sys.stdout.write(f"\n{name}\n\n{table}\n")
        if arguments.docs is not None:
            write_between_markers(arguments.docs, name, table)


def quality_table(editor_spec: str, images: int) -> str:
    """Success and disentanglement of every attribute's edits, as Markdown."""
    quality = measure_quality(editor_spec, images)
    rows = [
        (name, f"{success:.2f}", f"{kept:.3f}", _per_value(quality, name))
        for name, (success, kept) in quality.groups().items()
    ]
    success = sum(value.success for value in quality.values) / len(quality.values)
    kept = sum(value.disentanglement for value in quality.values) / len(quality.values)
    rows.append(("**mean over values**", f"**{success:.2f}**", f"**{kept:.3f}**", ""))
    count = sum(value.n for value in quality.values)
    return (
        _markdown(("attribute", "success", "disentanglement", "success by value"), rows)
        + f"\n\n`{editor_spec}`, {images} images, {count} edits towards values that a bird does not have. "
        + f"The probe reads {quality.probe:.3f} of all attributes off the pictures and {quality.kept:.3f} off the "
        + "unedited reconstructions."
    )


def measure_quality(editor_spec: str, images: int) -> Quality:
    """:func:`diffex_cli.birds.quality.measure` for a spec."""
    probe = registry.parse_spec("birds:probe")
    classifier = registry.find(registry.CLASSIFIERS, probe.name)(probe, device="auto")
    return measure(open_editor(editor_spec), classifier, images)


def open_editor(text: str) -> Editor:
    """The editor of a spec."""
    spec = registry.parse_spec(text)
    editor: Editor = registry.find(registry.EDITORS, spec.name)(spec, device="auto")
    return editor


def _per_value(quality: Quality, attribute: str) -> str:
    return ", ".join(f"{v.value} {v.success:.2f}" for v in quality.values if v.attribute == attribute)


def truth_table(editors: Sequence[str], images: int) -> str:
    """How the rankings of a default search agree with the exact influences, as Markdown."""
    rows = []
    for editor in editors:
        with tempfile.TemporaryDirectory() as folder:
            for classifier in CLASSIFIERS:
                rows.append((f"`{editor}`", f"`{classifier}`", *_judged(Path(folder), editor, classifier, images)))
    header = ("editor", "classifier", "target", "nDCG@5", "Spearman", "signs", "on top", "truly on top", "kept", "s")
    return (
        _markdown(header, rows)
        + f"\n\nBeam 5, δ = 0.1, {images} images. *kept* counts the attributes reported above δ; *signs* are those of "
        + "ranked attributes whose exact influence exceeds δ. The edits of an editor are shared by the classifiers, so "
        + "the first one's seconds include most of them."
    )


def _judged(run: Path, editor: str, classifier: str, images: int) -> tuple[str, ...]:
    settings = _settings(run, editor, classifier, images)
    started = time.perf_counter()
    corpus.run(settings, SilentProgress())
    summary = search.run(settings, SilentProgress())
    seconds = time.perf_counter() - started
    agreement = judge(run, None, None).agreement
    assert isinstance(agreement, Agreement)
    kept = sum(row.status == "kept" for row in summary.ranking)
    return (
        summary.target,
        f"{agreement.ndcg5:.3f}",
        f"{agreement.spearman:.3f}",
        f"{agreement.signs:.2f}",
        agreement.top,
        agreement.true_top,
        str(kept),
        f"{seconds:.0f}",
    )


def _settings(run: Path, editor: str, classifier: str, images: int) -> Settings:
    flags = {"run": run, "domain": "birds", "editor": editor, "classifier": classifier, "n_images": images}
    return resolve(flags, {}, None)


def _markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between_markers(document: Path, name: str, table: str) -> None:
    """Replace what stands between ``<!-- name -->`` and ``<!-- /name -->``.

    Raises:
        ValueError: the document lacks the markers.
    """
    text = document.read_text(encoding="utf-8")
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if start not in text or end not in text:
        raise ValueError(f"{document} has no {start} … {end}")
    before, after = text.split(start)[0], text.split(end)[1]
    document.write_text(f"{before}{start}\n{table}\n{end}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
