"""The table ``seen/``: what verifiers see in pictures, as arrays and as mappings."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from diffex_cli.artifacts.schemas import SEEN


def latest(rows: pa.Table, verifier: str, asked: Callable[[str], str | None]) -> dict[str, dict[str, float]]:
    """Subject → attribute → probability, NaN where there is none, of the last row of each.

    Args:
        rows: all of the table, in its order.
        verifier: its fingerprint.
        asked: attribute → the digest of what is asked of it now, ``None`` if nothing is: a row that says another one is
            of another question, and as if it were not there.
    """
    ours = rows.filter(pc.equal(rows["verifier"], verifier)).unify_dictionaries().combine_chunks()
    subjects, attributes = _words(ours["subject"]), _words(ours["attribute"])
    codes = subjects.indices.to_numpy().astype(np.int64) * max(len(attributes.dictionary), 1)
    codes += attributes.indices.to_numpy()
    last = np.sort(len(codes) - 1 - np.unique(codes[::-1], return_index=True)[1])
    ours = ours.take(pa.array(last[_still_asked(ours, asked)[last]]))
    probabilities = pc.fill_null(ours["probability"], np.nan).to_numpy()
    return _by_subject(_words(ours["subject"]), _words(ours["attribute"]), probabilities)


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
    attributes, said = _words(rows["attribute"]), rows["asked"].cast(pa.string())
    now = pa.array([asked(name) for name in attributes.dictionary.to_pylist()], pa.string())
    wanted = now.take(attributes.indices)
    same = pc.fill_null(pc.equal(said, wanted), True)  # what the row does not say
    return np.asarray(same.to_numpy() & wanted.is_valid().to_numpy(zero_copy_only=False), bool)


def _by_subject(
    subjects: pa.DictionaryArray, attributes: pa.DictionaryArray, probabilities: NDArray[np.float32]
) -> dict[str, dict[str, float]]:
    codes = subjects.indices.to_numpy()
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    names = np.array(attributes.dictionary.to_pylist(), object)[attributes.indices.to_numpy()[order]].tolist()
    numbers = probabilities[order].tolist()
    starts = [0, *ends.tolist(), len(order)] if len(order) else [0]
    keys = subjects.dictionary.to_pylist()
    return {
        keys[codes[order[start]]]: dict(zip(names[start:end], numbers[start:end], strict=True))
        for start, end in itertools.pairwise(starts)
    }
