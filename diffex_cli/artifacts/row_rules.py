"""What must hold of every row of a table beyond its columns' types, whoever wrote it: ``docs/artifacts.md`` in code."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Wrong: TypeAlias = NDArray[np.bool_]
_SLACK = 1e-6
"""By how much a share may leave [0, 1]: others round in float32."""
_LONGEST = 60


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """Something that holds of every row.

    Attributes:
        column: where a person finds what is wrong.
        wanted: what is expected there, for people.
        wrong: table → which of its rows break the rule, shape (rows,).
    """

    column: str
    wanted: str
    wrong: Callable[[pa.Table], Wrong]


def first_fault(rules: Sequence[Rule], table: pa.Table, before: int = 0) -> str | None:
    """The first row that breaks the first rule that is broken, in words; ``None`` if all hold.

    Args:
        before: how many rows the file has in front of these.
    """
    for rule in rules:
        wrong = rule.wrong(table)
        if wrong.any():
            row = int(wrong.argmax())
            value = table[rule.column][row].as_py()
            return f"row {row + 1 + before}, column {rule.column}: {rule.wanted} is expected, not {_shown(value)}"
    return None


def a_key(column: str) -> Rule:
    """A text that is not empty."""
    return Rule(column, "a text", lambda table: _bools(pc.equal(table[column], "")))


def a_file(column: str) -> Rule:
    """A path inside the run directory, or nothing where the column may be empty."""

    def wrong(table: pa.Table) -> Wrong:
        distinct = pc.unique(table[column]).to_pylist()
        bad = [path for path in distinct if path is not None and is_outside(path)]
        return _bools(pc.is_in(table[column], pa.array(bad, pa.string()), skip_nulls=True))

    return Rule(column, "a path below the run directory, with /", wrong)


def is_outside(path: str) -> bool:
    """Whether a path of an artifact leads out of the run directory, or is none; links are not looked at."""
    return not path or "\\" in path or "\0" in path or any(part in ("", ".", "..") for part in path.split("/"))


def one_of(column: str, *words: str) -> Rule:
    """One of some words, or nothing where the column may be empty."""
    wanted = f"{', '.join(map(repr, words[:-1]))} or {words[-1]!r}"
    return Rule(column, wanted, lambda table: _known(table[column]) & ~_among(table[column], words))


def at_least(least: int, *columns: str) -> tuple[Rule, ...]:
    """Whole numbers of at least so much."""
    return tuple(Rule(column, f"a number of at least {least}", _out(column, least, np.inf)) for column in columns)


def within(low: float, high: float, *columns: str, nan: bool = False) -> tuple[Rule, ...]:
    """Numbers in an interval, none of them infinite; ``nan``: those that are not known may be NaN. Nothing is one, too,
    where the column may be empty."""
    wanted = f"a finite number of at least {low:g}" if np.isinf(high) else f"a number from {low:g} to {high:g}"
    wanted = "a finite number" if np.isinf(low) else wanted
    return tuple(
        Rule(column, f"{wanted}{', or NaN,' if nan else ''}", _out(column, low, high, nan)) for column in columns
    )


def unique(*columns: str) -> Rule:
    """No two rows have the same values there."""

    def wrong(table: pa.Table) -> Wrong:
        places = pa.array(np.arange(table.num_rows))
        numbered = table.select(list(columns)).append_column("row", places)
        first = numbered.group_by(list(columns)).aggregate([("row", "min")])["row_min"]
        return ~_bools(pc.is_in(places, value_set=first.combine_chunks()))

    beside = f" with the same {columns[1]}" if len(columns) > 1 else ""
    return Rule(columns[0], f"a value that no other row has{beside}", wrong)


def present_unless(column: str, other: str, word: str) -> Rule:
    """A value in every row but those whose other column says the word, which have none."""

    def wrong(table: pa.Table) -> Wrong:
        there, excepted = _known(table[column]), _among(table[other], [word])
        return np.asarray(there == excepted, bool)

    return Rule(column, f"a value unless {other} is {word!r}", wrong)


def labels_fault(labels: object) -> str | None:
    """Why something is no list of classes, in words, if it is none."""
    if not isinstance(labels, list | tuple) or not labels or not all(isinstance(label, str) for label in labels):
        return "does not name its classes"
    for label in labels:
        if not label.strip():
            return f"has a class {_shown(label)}, where a text is expected,"
    if len(set(labels)) < len(labels):
        return f"names a class twice, {_shown(next(label for label in labels if labels.count(label) > 1))},"
    return None


def _out(column: str, low: float, high: float, nan: bool = False) -> Callable[[pa.Table], Wrong]:
    slack = _SLACK if isinstance(high, float) and np.isfinite(high) else 0.0

    def wrong(table: pa.Table) -> Wrong:
        known = _known(table[column])
        numbers = pc.fill_null(table[column], 0).to_numpy().astype(np.float64)
        inside = np.isfinite(numbers) & (numbers >= low - slack) & (numbers <= high + slack)
        return np.asarray(known & ~(inside | (np.isnan(numbers) & nan)), bool)

    return wrong


def _among(column: Any, words: Sequence[str]) -> Wrong:
    return _bools(pc.is_in(column, pa.array(words, pa.string())))


def _known(column: Any) -> Wrong:
    return _bools(pc.is_valid(column))


def _bools(column: Any) -> Wrong:
    there = pa.chunked_array([column]) if isinstance(column, pa.Array) else column
    return np.asarray(pc.fill_null(there, False).to_numpy(), bool)


def _shown(value: object) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
