"""What a classifier's numbers mean, and how they become the logits that diffex works with."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Literal, cast, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diffex_cli.classifiers.checks import checked_logits, unique_labels
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import choice

Kind = Literal["softmax", "binary", "multilabel", "regression"]
Values = Literal["logits", "probabilities"]

KINDS: tuple[Kind, ...] = get_args(Kind)
VALUES: tuple[Values, ...] = get_args(Values)

CLIP = 1e-7
"""Probabilities below this, and above one minus this, count as this: float32 knows hardly any between them and 0 or 1,
and the logarithm of 0 is not finite."""

_SLACK = 1e-3
_SUM_SLACK = 1e-2


@dataclasses.dataclass(frozen=True, slots=True)
class Outputs:
    """The declared meaning of a model's numbers.

    - ``kind=softmax``: one class of several, a column for each. Probabilities p become ln p, whose softmax is p again;
      that differs from the model's own logits by a number that is the same for all classes of an image. Those of two
      classes become −z/2 and z/2, as of ``binary``, with z = ln(p₂ / p₁): what speaks for one speaks as much against
      the other, whereas ln p hardly moves for the likelier one.
    - ``kind=binary``: yes or no, one column. A logit z becomes −z/2 for the first label and z/2 for the second, so that
      their softmax is the model's sigmoid and their difference (``--target "yes - no"``) its logit. A probability p is
      first turned into z = ln(p / (1 − p)).
    - ``kind=multilabel``: any number of labels at once, a column for each. Probabilities are turned into logits as
      above. A label's probability is the sigmoid of its logit, and it is predicted where that is above ½.
    - ``kind=regression``: quantities, a column for each, taken as they are. They have no probabilities, and nothing is
      predicted.

    Probabilities are clipped to [1e-7, 1 − 1e-7] first, so logits end at ±16.1.
    """

    kind: Kind = "softmax"
    values: Values = "logits"

    @property
    def output_kind(self) -> OutputKind:
        """What :meth:`logits` are logits of: for ``binary`` one class of two."""
        return "softmax" if self.kind == "binary" else self.kind

    def labels(self, names: Sequence[object]) -> tuple[str, ...]:
        """The names of the columns that :meth:`logits` returns. ``names``: the model's classes. For ``binary`` two of
        them, or the second one alone."""
        if self.kind != "binary":
            return unique_labels(names)
        if len(names) == 1:
            return unique_labels((f"not {names[0]}", names[0]))
        if len(names) != 2:
            raise UsageError(f"kind=binary needs two labels (no, yes) or one (yes), and there are {len(names)}")
        return unique_labels(names)

    def unnamed(self, columns: int) -> tuple[str, ...]:
        """Labels for a model whose classes nobody has named."""
        return ("no", "yes") if self.kind == "binary" else tuple(str(column) for column in range(columns))

    def logits(self, raw: ArrayLike, n_images: int, n_labels: int, classifier: str) -> NDArray[np.float64]:
        """Turn a model's numbers into logits. ``raw``: shape (n_images, columns), or (n_images,) for a single column.
        Returns shape (n_images, n_labels), a row of NaN where a number is not finite."""
        columns = 1 if self.kind == "binary" else n_labels
        values = np.asarray(raw)
        if values.shape == (n_images,) and columns == 1:
            values = values[:, None]
        if values.ndim == 2 and len(values) == n_images and values.shape[1] != columns:
            raise DiffexError(self._wrong_columns(values.shape[1], columns, classifier))
        numbers = checked_logits(values, n_images, columns, classifier)
        if self.values == "probabilities":
            numbers = self._from_probabilities(numbers, classifier)
        return np.concatenate([-numbers / 2, numbers / 2], axis=1) if numbers.shape[1] < n_labels else numbers

    def _from_probabilities(self, given: NDArray[np.float64], classifier: str) -> NDArray[np.float64]:
        known = given[~np.isnan(given).any(axis=1)]
        if known.size and (known.min() < -_SLACK or known.max() > 1 + _SLACK):
            raise DiffexError(
                f"the classifier {classifier} is declared to give probabilities, but gave {known.min():.4g} to "
                f"{known.max():.4g}: leave out values=probabilities if these are logits"
            )
        if self.kind != "softmax":
            inner = np.clip(given, CLIP, 1 - CLIP)
            return cast("NDArray[np.float64]", np.log(inner) - np.log1p(-inner))
        sums = known.sum(axis=1)
        if (np.abs(sums - 1) > _SUM_SLACK).any():
            raise DiffexError(
                f"the classifier {classifier} is declared to give probabilities of one class of several, but they sum "
                f"to {sums.min():.4g} to {sums.max():.4g} rather than 1: say kind=multilabel if labels do not exclude "
                "each other"
            )
        if given.shape[1] == 2:
            both = np.log(np.clip(given, CLIP, 1 - CLIP))
            return cast("NDArray[np.float64]", both[:, 1:] - both[:, :1])
        return cast("NDArray[np.float64]", np.log(np.clip(given, CLIP, 1.0)))

    def _wrong_columns(self, found: int, wanted: int, classifier: str) -> str:
        if self.kind == "binary":
            return (
                f"the classifier {classifier} is declared kind=binary, which is one number for an image, but gave "
                f"{found}: say kind=softmax (one class of several) or kind=multilabel"
            )
        return f"the classifier {classifier} gave {found} numbers for an image, but has {wanted} labels"


def as_rows(values: NDArray[Any]) -> NDArray[Any]:
    """Scores of shape (n, classes) also where a network keeps axes of length one: (n, classes, 1, 1), (n, 1, classes).
    Anything else stays as it is."""
    long = [side for side in values.shape[1:] if side != 1]
    return values.reshape(len(values), -1) if values.ndim > 2 and len(long) <= 1 else values


@dataclasses.dataclass(frozen=True)
class OutputOptions:
    """What a user may declare; see :class:`Outputs`."""

    kind: Kind | None = choice(None, KINDS)
    values: Values | None = choice(None, VALUES)

    @property
    def rules(self) -> dict[str, str]:
        """What a fingerprint has to hold besides the options, since scores by an earlier rule are others."""
        shares = self.values == "probabilities" and self.kind in (None, "softmax")
        return {"two classes": "log-odds"} if shares else {}


def parse_outputs(spec: Spec, options: OutputOptions, kind: Kind = "softmax") -> Outputs:
    """The outputs that a spec's options declare; ``kind`` is what the model's own configuration says."""
    kind = options.kind or kind
    if kind == "regression" and options.values == "probabilities":
        raise UsageError(f"{spec.text!r}: a regression gives no probabilities: leave out values=probabilities")
    return Outputs(kind, options.values or "logits")
