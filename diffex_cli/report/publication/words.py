"""What figures and tables say of an attribute: its effect, whether it may be claimed, and what the signs mean."""

from __future__ import annotations

from collections.abc import Sequence

from diffex_cli.report import facts
from diffex_cli.report.claims import shown
from diffex_cli.report.data import ReportData, Row
from diffex_cli.report.numbers import counted, finite, magnitude, signed
from diffex_cli.report.publication.sheet import LOWERS, QUIET, RAISES
from diffex_cli.report.publication.type import plain


def claimed(row: Row) -> bool:
    """It was shown to matter."""
    return row.claim == "matters"


def name(row: Row) -> str:
    """The attribute's name, or its id if it has none; of all classes, with the class that it moves."""
    return plain(row.name) or plain(row.candidate)


def name_and_class(row: Row, data: ReportData) -> str:
    """The same; where every class is explained, with the class that it moves most."""
    return f"{name(row)} → {plain(row.target)}" if data.every_class else name(row)


def color(row: Row) -> str:
    """Of what raises, what lowers, and what cannot be claimed."""
    if not claimed(row):
        return QUIET
    return RAISES if row.effect >= 0 else LOWERS


def brackets(low: float | None, high: float | None) -> str:
    """An interval, ``[+1.80, +3.02]``; empty if it is unknown."""
    return f"[{signed(low)}, {signed(high)}]" if finite(low) and finite(high) else ""


def verdict(row: Row) -> str:
    """What keeps the row from being claimed, in two words; empty if it can be."""
    return "" if claimed(row) else facts.standing(row)


def titles(runs: Sequence[ReportData]) -> tuple[str, ...]:
    """A name for each run: domain, target, classifier; where two agree in these, their editors; else their numbers."""
    told = {"all": "each class", "predicted": "predicted class"}
    short = [
        f"{plain(one.domain)}: {told.get(one.target) or plain(one.target)} ({plain(one.shown_name)}" for one in runs
    ]
    full = [
        f"{text}, {plain(one.editor)}" if short.count(text) > 1 else text for text, one in zip(short, runs, strict=True)
    ]
    return tuple(f"{text}, {number})" if full.count(text) > 1 else f"{text})" for number, text in enumerate(full, 1))


def best(data: ReportData) -> str:
    """What the leading attributes are called in a title; honest where nothing can be claimed."""
    if shown(data):
        return f"What moves {whom(data)} most"
    return f"Nothing was shown to matter for {whom(data)}; its strongest attributes"


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
    among = f" for {counted(data.corrected_for, 'comparison')}" if data.corrected_for else ""
    return f"Grey: not shown to matter (below δ or the noise floor, or corrected p > 0.05{among})."
