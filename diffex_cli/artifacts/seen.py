"""The table ``seen/``: what verifiers see in pictures, as arrays and as mappings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from diffex_cli.artifacts.arrow import numbers, places
from diffex_cli.artifacts.row_rules import equals
from diffex_cli.artifacts.schemas import SEEN

_NOTHING = np.zeros(0, np.float32)


def latest(rows: pa.Table, verifier: str, asked: Callable[[str], str | None]) -> dict[str, dict[str, float]]:
    """Subject → attribute → probability, NaN where there is none, of the last row of each.

    Args:
        rows: all of the table, in its order.
        verifier: its fingerprint.
        asked: attribute → the digest of what is asked of it now, ``None`` if nothing is: a row that says another one is
            of another question, and as if it were not there.
    """
    own = equals(rows["verifier"], verifier)
    ours = (rows if own.all() else rows.take(places(np.flatnonzero(own)))).unify_dictionaries().combine_chunks()
    subjects, attributes = _words(ours["subject"]), _words(ours["attribute"])
    codes = numbers(subjects.indices).astype(np.int64) * max(len(attributes.dictionary), 1)
    codes += numbers(attributes.indices)
    last = np.sort(len(codes) - 1 - np.unique(codes[::-1], return_index=True)[1])
    ours = ours.take(places(last[_still_asked(ours, asked)[last]])).combine_chunks()
    probabilities = [numbers(chunk) for chunk in ours["probability"].chunks]
    return _by_subject(_words(ours["subject"]), _words(ours["attribute"]), np.concatenate([_NOTHING, *probabilities]))


def table_of(
    subjects: Sequence[str],
    attributes: Sequence[str],
    verifier: str,
    probabilities: NDArray[np.float32],
    asked: Mapping[str, str],
    reasons: Sequence[str | None],
) -> pa.Table:
    """The readings of some pictures as rows.

    Args:
        probabilities: shape (len(subjects), len(attributes)).
        asked: attribute → the digest of what was asked of it.
        reasons: of each picture, why nothing is known of it; ``None`` if something is.
    """
    n, m = probabilities.shape
    picture, attribute = np.repeat(np.arange(n, dtype=np.int32), m), np.tile(np.arange(m, dtype=np.int32), n)
    columns = [
        _column(picture, subjects),
        _column(attribute, attributes),
        _column(np.zeros(n * m, np.int32), [verifier]),
        pa.array(probabilities.reshape(-1), pa.float32()),
        _column(attribute, [asked[one] for one in attributes]),
        pa.array(reasons, pa.string()).dictionary_encode().take(pa.array(picture)),
    ]
    return pa.Table.from_arrays(columns, schema=SEEN.columns)


def _column(places: NDArray[np.int32], words: Sequence[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(places), pa.array(words, pa.string()))


def _words(column: pa.ChunkedArray) -> pa.DictionaryArray:
    if column.num_chunks == 0:
        return _column(np.zeros(0, np.int32), [])
    (words,) = column.chunks
    return words


def _still_asked(rows: pa.Table, asked: Callable[[str], str | None]) -> NDArray[np.bool_]:
    """Shape (rows,). A row that does not say what was asked is another program's, which need not."""
    attributes, said = _words(rows["attribute"]), _words(rows["asked"])
    now, words = [asked(name) for name in attributes.dictionary.to_pylist()], said.dictionary.to_pylist()
    same = [[one is not None and one == word for word in words] + [one is not None] for one in now]
    silent = len(words)
    codes = numbers(said.indices) if not said.null_count else np.nan_to_num(numbers(said.indices), nan=silent)
    asks: NDArray[np.bool_] = np.array(same, bool).reshape(len(now), silent + 1)
    wanted: NDArray[np.bool_] = asks[numbers(attributes.indices), codes.astype(np.int64)]
    return wanted


def _by_subject(
    subjects: pa.DictionaryArray, attributes: pa.DictionaryArray, probabilities: NDArray[np.float32]
) -> dict[str, dict[str, float]]:
    codes = numbers(subjects.indices)
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    names = np.array(attributes.dictionary.to_pylist(), object)[numbers(attributes.indices)[order]].tolist()
    values = probabilities[order].tolist()
    starts = [0, *ends.tolist(), len(order)] if len(order) else [0]
    keys = subjects.dictionary.to_pylist()
    return {
        keys[codes[order[start]]]: dict(zip(names[start:end], values[start:end], strict=True))
        for start, end in itertools.pairwise(starts)
    }
