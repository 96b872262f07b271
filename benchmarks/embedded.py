"""``quality`` and ``truth``: how good an editor's edits of the embedded birds are, and how true the rankings.

Edit quality is judged by the probe on the sample images, rankings against the exact influences.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.markdown import table
from diffex_cli.birds.attributes import Bird, phrase
from diffex_cli.birds.judging import truth_of_run
from diffex_cli.birds.quality import Quality, measure
from diffex_cli.birds.truth import Agreement
from diffex_cli.classifiers.base import Classifier
from diffex_cli.core import registry
from diffex_cli.core.configuration import resolve
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.corpus import corpus
from diffex_cli.editors.base import Editor
from diffex_cli.search import search

CLASSIFIERS = ("birds:species", "birds:shortcut", "birds:null")


WORST = 10
"""How many leaks the page shows."""


def quality_table(editor_spec: str, birds: Mapping[str, Bird]) -> str:
    """Success and disentanglement of every attribute's edits and the worst leaks, as Markdown. ``birds``: image key →
    record."""
    quality = measure(open_editor(editor_spec), open_probe(), birds)
    rows = [
        (name, f"{success:.2f}", f"{kept:.3f}", _per_value(quality, name))
        for name, (success, kept) in quality.groups().items()
    ]
    success = sum(value.success for value in quality.values) / len(quality.values)
    kept = sum(value.disentanglement for value in quality.values) / len(quality.values)
    rows.append(("**mean over values**", f"**{success:.2f}**", f"**{kept:.3f}**", ""))
    count = sum(value.n for value in quality.values)
    return (
        table(("attribute", "success", "disentanglement", "success by value"), rows)
        + f"\n\n`{editor_spec}`, {len(birds)} images, {count} edits towards values that a bird does not have. "
        + f"The probe reads {quality.probe:.3f} of all attributes off the pictures and {quality.kept:.3f} off the "
        + "unedited reconstructions.\n\n"
        + leak_table(quality)
    )


def leak_table(quality: Quality) -> str:
    """What edits change most often beside what they should, as Markdown."""
    leaks = quality.leaks()
    if not leaks:
        return "No edit changed another attribute."
    rows = [
        (phrase(leak.attribute, leak.value), f"`{leak.other}`", f"{leak.share:.2f}", str(leak.n))
        for leak in leaks[:WORST]
    ]
    return f"The worst of {len(leaks)} leaks:\n\n" + table(("edit", "also changed", "share", "edits"), rows)


def open_probe() -> Classifier:
    """The attribute probe."""
    spec = registry.parse_spec("birds:probe")
    probe: Classifier = registry.find(registry.CLASSIFIERS, spec.name)(spec, device="auto")
    return probe


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
        table(header, rows)
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
    agreement = truth_of_run(run, None, None).agreement
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
