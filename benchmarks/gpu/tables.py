"""What a row says, on the terminal and in ``docs/gpu.md``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.gpu.kept import Figures
from benchmarks.markdown import table, write_between_markers

NAMES = {"sdxl": "SDXL", "sd15": "SD 1.5"}
NOT_YET = "not measured yet"


def _seconds(values: Sequence[float]) -> str:
    """Median (least–most)."""
    return f"{values[0]:.3g} ({values[1]:.3g}–{values[2]:.3g})"


def _gib(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def _times(slow: Sequence[float], fast: Sequence[float]) -> str:
    return f"{slow[0] / fast[0]:.2f}"


def _edit(f: Figures) -> Sequence[str]:
    return (
        _seconds(f["stock_a"]),
        _seconds(f["stock_b"]),
        _seconds(f["engine"]),
        _times(f["stock_a"], f["engine"]),
        _times(f["stock_b"], f["engine"]),
        _gib(f["stock_memory"]),
        _gib(f["engine_memory"]),
    )


def _batch(f: Figures) -> Sequence[str]:
    return _seconds(f["engine"]), _gib(f["memory"]), "yes" if f["fits"] else "no, halved"


def _finder(f: Figures) -> Sequence[str]:
    return f"{f['room']:.2f}", f"{f['rows']}", f"{f['made']}", f"{f['seconds']:.1f}", f"{f['again'] or '–'}"


def _same(f: Figures) -> Sequence[str]:
    return f"{100 * f['share']:.3g} %", f"{f['largest']}", f"{f['contrast']:.0f}"


def _parity(f: Figures) -> Sequence[str]:
    if f["tolerance"] is None:
        return f"{f['error']:.1e}", f"{f['largest']:.1e}", "–", "–"
    within = "yes" if f["error"] <= f["tolerance"] else "**no**"
    return f"{f['error']:.1e}", f"{f['largest']:.1e}", f"{f['tolerance']:.0e}", within


def _switches(f: Figures) -> Sequence[str]:
    return (
        _seconds(f["without"]),
        _seconds(f["with"]),
        _times(f["without"], f["with"]),
        _gib(f["without_memory"]),
        _gib(f["with_memory"]),
        f"{f['first']:.1f}",
    )


def _workers(f: Figures) -> Sequence[str]:
    return f"{f['edits']}", _seconds(f["one"]), _seconds(f["two"]), _times(f["one"], f["two"])


LABELS: Mapping[str, Sequence[str]] = {
    "edit": ("concepts", "masks"),
    "batch": ("concepts", "masks", "edits at once"),
    "finder": ("edits",),
    "same": ("edits at once",),
    "parity": ("dtype", "masks"),
    "switches": ("what", "edits, pictures or rows"),
    "workers": ("workers",),
}
FIGURES: Mapping[str, tuple[Sequence[str], Callable[[Figures], Sequence[str]]]] = {
    "edit": (
        (
            "stock (a), s/edit",
            "stock (b), s/edit",
            "engine, s/edit",
            "× (a)",
            "× (b)",
            "stock, GiB",
            "engine, GiB",
        ),
        _edit,
    ),
    "batch": (("s/edit", "GiB", "fitted"), _batch),
    "finder": (("room, GiB", "rows found", "edits made", "s", "rows remembered"), _finder),
    "same": (("bytes that differ", "largest difference, levels", "contrast, levels"), _same),
    "parity": (("relative error (RMS)", "largest", "tolerance", "within"), _parity),
    "switches": (("without, s", "with, s", "×", "without, GiB", "with, GiB", "first time, s"), _switches),
    "workers": (("edits", "one worker, s/edit", "two workers, s/edit", "×"), _workers),
}
"""Block → the columns of its figures, and their cells."""


def line(block: str, figures: Figures) -> str:
    """A row for people who wait."""
    names, cells = FIGURES[block]
    return ", ".join(f"{name} {cell}" for name, cell in zip(names, cells(figures), strict=True))


def block_table(block: str, rows: Sequence[tuple[str, Sequence[str], Figures | str]]) -> str:
    """One block as Markdown. ``rows``: model, label, and the figures or the reason why there are none."""
    names, cells = FIGURES[block]
    lines = [
        (
            NAMES[model],
            *label,
            *((found, *[""] * (len(names) - 1)) if isinstance(found, str) else cells(found)),
        )
        for model, label, found in rows
    ]
    empty = [(NOT_YET, *[""] * (len(LABELS[block]) + len(names)))]
    return table(("model", *LABELS[block], *names), lines or empty)


def write_page(page: Path, machine: str, tables: Mapping[str, str]) -> None:
    """Renew the tables between their markers, each block's own, and what they were measured on."""
    for block, text in tables.items():
        write_between_markers(page, f"gpu-{block}", text)
    write_between_markers(page, "gpu-machine", machine)
