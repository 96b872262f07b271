"""What a function of somebody else's returns, as plain arrays, lists and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from diffex_cli.classifiers.checks import without_tensors
from diffex_cli.classifiers.outputs import Values
from diffex_cli.core.errors import DiffexError

_LOGITS = "logits"
_ANSWER = {"label", "score"}


def plain_scores(result: Any, n_pictures: int, values: Values) -> Any:
    """Tensors become arrays wherever they are, a model's output of transformers its logits, and a pipeline's answers
    mappings from label to score.

    Args:
        n_pictures: how many were asked about.
        values: what was declared; a pipeline's probabilities are not taken for logits.

    Raises:
        DiffexError: they are a pipeline's, and leave classes out or are not what was declared.
    """
    plain = without_tensors(result)
    if isinstance(plain, Mapping) and np.ndim(plain.get(_LOGITS, 0)) == 2:
        return plain[_LOGITS]
    if n_pictures == 1 and _is_answer(plain):
        plain = [plain]
    if isinstance(plain, list) and plain and all(map(_is_answer, plain)):
        return _by_label(plain, values)
    return plain


def is_list_of_mappings(result: Any) -> bool:
    return isinstance(result, list) and bool(result) and all(isinstance(row, Mapping) for row in result)


def _is_answer(row: Any) -> bool:
    """Whether it is what a pipeline says of one picture."""
    return is_list_of_mappings(row) and all(set(each) == _ANSWER for each in row)


def _by_label(rows: list[list[Mapping[str, Any]]], values: Values) -> list[dict[Any, Any]]:
    found = [{each["label"]: each["score"] for each in row} for row in rows]
    if any(row.keys() != found[0].keys() for row in found):
        raise DiffexError("the pipeline leaves classes out: call it with top_k=None")
    scores = [score for row in found for score in row.values()]
    if values == "logits" and all(0 <= score <= 1 for score in scores if score == score):  # but for NaN
        raise DiffexError(
            "the pipeline gives probabilities, which would be taken for logits: say values=probabilities, or call it "
            "with function_to_apply='none'"
        )
    return found
