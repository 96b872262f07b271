"""What figures and tables say of an attribute: its effect, whether it may be claimed, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.report import facts
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.numbers import counted, finite, magnitude, signed
from diffex_cli.report.publication.sheet import LOWERS, QUIET, RAISES
from diffex_cli.report.publication.type import plain


def claimed(row: Row, data: ReportData) -> bool:
    """The search lets one say that this matters: it passed, or, where nothing was judged, it was kept."""
    return bool(row.passed if data.judged else row.status == "kept") and not row.placebo


def name(row: Row) -> str:
    """The attribute's name, or its id if it has none; of all classes, with the class that it moves."""
    return plain(row.name) or plain(row.candidate)


def name_and_class(row: Row, data: ReportData) -> str:
    """The same; where every class is explained, with the class that it moves most."""
    return f"{name(row)} → {plain(row.target)}" if data.every_class else name(row)


def color(row: Row, data: ReportData) -> str:
    """Of what raises, what lowers, and what cannot be claimed."""
    if not claimed(row, data):
        return QUIET
    return RAISES if row.effect >= 0 else LOWERS


def brackets(low: float | None, high: float | None) -> str:
    """An interval, ``[+1.80, +3.02]``; empty if it is unknown."""
    return f"[{signed(low)}, {signed(high)}]" if finite(low) and finite(high) else ""


def verdict(row: Row, data: ReportData) -> str:
    """What keeps the row from being claimed, in two words; empty if it can be."""
    if claimed(row, data):
        return ""
    if row.placebo:
        return "placebo"
    return "not passed" if data.judged else "not kept"


def titles(runs: Sequence[ReportData]) -> tuple[str, ...]:
    """A name for each run: domain, target, classifier; where two agree in these, their editors; else their numbers."""
    told = {"all": "each class", "predicted": "predicted class"}
    short = [
        f"{plain(one.domain)}: {told.get(one.target) or plain(one.target)} ({plain(one.classifier)}" for one in runs
    ]
    full = [
        f"{text}, {plain(one.editor)}" if short.count(text) > 1 else text for text, one in zip(short, runs, strict=True)
    ]
    return tuple(f"{text}, {number})" if full.count(text) > 1 else f"{text})" for number, text in enumerate(full, 1))


def best(data: ReportData) -> str:
    """What the leading attributes are called in a title; honest where nothing can be claimed."""
    if facts.found(data):
        return f"What moves {whom(data)} most"
    return f"Nothing {'passed' if data.judged else 'was kept'} for {whom(data)}; its strongest attributes"


def whom(data: ReportData) -> str:
    """What is explained."""
    if data.every_class:
        return "each class"
    return "each image’s own class" if data.target == "predicted" else f"‘{plain(data.target)}’"


def of_whom(data: ReportData) -> str:
    """The class whose probability stands in the pictures' corners."""
    return "the class named" if data.every_class else whom(data)


def measured(data: ReportData) -> str:
    """The unit and the interval, as a caption says it."""
    on = f"over {counted(data.n_images, 'image')}"
    return f"mean change of the {data.quantity} of {of_whom(data)} {on}, with its 95 % interval in brackets"


def floor(data: ReportData) -> str:
    """The noise floor, as a caption says it."""
    known = facts.noise_floor(data)
    if known is None:
        return "The noise floor was not measured."
    if known.value == 0:
        return "Noise floor: 0; the placebos’ edits change nothing."
    return f"Noise floor: ±{magnitude(known.value)} {data.unit}."


def claims(data: ReportData) -> str:
    """What it takes to be claimed, as a caption says it."""
    if not data.judged:
        return f"Grey: not kept (influence below δ = {magnitude(data.delta)}, or no more than the coarser attribute)."
    among = f" for {counted(data.corrected_for, 'comparison')}" if data.corrected_for else ""
    return f"Grey: not passed (dropped, below the noise floor, or corrected p > 0.05{among})."
