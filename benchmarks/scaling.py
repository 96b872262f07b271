"""``scaling``: cost of an edit and memory, as the job grows and as the row batch grows."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.footprint import Footprint, measure_apart
from benchmarks.log import log
from benchmarks.machine import environment
from benchmarks.markdown import table
from benchmarks.workload import Pairs

SIZES = (Pairs(8, 4), Pairs(16, 12), Pairs(24, 24), Pairs(48, 40))
ROW_BATCHES = (8, 16, 64)
_ROWS = 32


def scaling(sizes: Sequence[Pairs] = SIZES, row_batches: Sequence[int] = ROW_BATCHES, steps: int = 6) -> str:
    """Seconds and peak memory by size, at a row batch of 32, then by row batch, as Markdown.

    Args:
        row_batches: measured on the second size (or the only one).
        steps: few, to keep it short; the steps multiply the cost of all sizes alike.
    """
    jobs = [(pairs, _ROWS) for pairs in sizes]
    jobs += [(sizes[min(1, len(sizes) - 1)], rows) for rows in row_batches]
    lines = []
    for pairs, rows in jobs:
        log(f"scaling: {pairs}, row batch {rows}")
        lines.append(_line(pairs, rows, measure_apart(f"ledits:birds:steps={steps},rows={rows}", pairs)))
    header = ("images × attributes", "edits", "row batch", "s/edit", "U-Net rows/edit", "loaded, MB", "peak, MB")
    return (
        table(header, lines)
        + f"\n\n`ledits:birds:steps={steps}`, each line in a process of its own. *Loaded* is its resident memory "
        + "before the job, with libraries and model in it; *peak* the most during the job.\n\n"
        + environment()
    )


def _line(pairs: Pairs, rows: int, footprint: Footprint) -> tuple[str, ...]:
    return (
        str(pairs),
        str(footprint.edits),
        str(rows),
        f"{footprint.seconds / footprint.edits:.3f}",
        f"{footprint.rows / footprint.edits:.1f}",
        f"{footprint.loaded / 2**20:.0f}",
        f"{footprint.peak / 2**20:.0f}",
    )
