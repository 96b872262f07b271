"""The classifier ``python``, and any function that scores pictures as a classifier."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diffex_cli.artifacts.keys import digest, file_digest
from diffex_cli.classifiers.backends.returned import is_list_of_mappings, plain_scores
from diffex_cli.classifiers.checks import as_numbers, checked_labels
from diffex_cli.classifiers.outputs import OutputOptions, Outputs, as_rows, parse_outputs
from diffex_cli.core import registry
from diffex_cli.core.errors import DiffexError
from diffex_cli.core.foreign import called, foreign
from diffex_cli.core.output_kinds import OutputKind
from diffex_cli.core.own_code import find_own
from diffex_cli.core.registry import Spec
from diffex_cli.core.spec_options import read_options, text
from diffex_cli.core.wording import nfc


@dataclasses.dataclass(frozen=True)
class PythonOptions(OutputOptions):
    """``version``: what the fingerprint knows of all that the module imports or loads."""

    version: str | None = text(None)


Function: TypeAlias = Callable[[list[Image.Image]], Any]


class FunctionClassifier:
    """A function as a classifier.

    It is given a list of n RGB pictures and returns scores in one of these forms:

    - an array (or tensor) of shape (n, classes), or (n,) for a single column; the classes are named by the labels, else
      by the function's attribute ``labels``, else ``0``, ``1``, …
    - a mapping from label to n scores
    - n mappings from label to score, one a picture
    - n lists of ``{"label": …, "score": …}``, as a pipeline of transformers gives them

    Tensors of any type and on any device may stand for arrays and numbers.

    Nobody can tell what a function depends on, so that each object has a fingerprint of its own, and no score is ever
    taken for another one's.

    Args:
        function: chooses its own device.
        name: what to call it.
        meaning: of the scores.
        labels: the names of the classes.
    """

    def __init__(
        self, function: Function, name: str, meaning: Outputs | None = None, labels: Sequence[object] | None = None
    ) -> None:
        self._function = function
        self._name = name
        self._meaning = meaning or Outputs()
        self._declared = getattr(function, "labels", None) if labels is None else labels
        self.settings: Mapping[str, object] = {
            "backend": "function",
            "function": name,
            "kind": self._meaning.kind,
            "values": self._meaning.values,
            "object": uuid.uuid4().hex,
        }
        self.fingerprint = digest(self.settings)

    @functools.cached_property
    def labels(self) -> tuple[str, ...]:
        """The names of the classes; where nothing declares them, a grey picture is scored to see them.

        Raises:
            UsageError, DiffexError: the function fails.
        """
        if self._declared is not None:
            return self._meaning.labels(checked_labels(self._declared, self._name))
        result = self._call([Image.new("RGB", (64, 64), (128, 128, 128))])
        if isinstance(result, Mapping):
            return self._meaning.labels(checked_labels(tuple(result), self._name))
        if is_list_of_mappings(result):
            return self._meaning.labels(checked_labels(tuple(result[0]), self._name))
        shape = as_rows(as_numbers(result, self._name)).shape
        return self._meaning.unnamed(shape[1] if len(shape) == 2 else 1)

    @property
    def output_kind(self) -> OutputKind:
        """What the logits are logits of, as was declared."""
        return self._meaning.output_kind

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        """Call the function once with all images.

        Returns:
            shape (len(images), len(labels)).

        Raises:
            DiffexError: it raises, or returns something else than finite scores of all labels.
        """
        labels = self.labels
        if not images:
            return np.zeros((0, len(labels)))
        # Of a binary classifier's two labels, only the second has a score.
        columns = labels[1:] if self._meaning.kind == "binary" else labels
        result = self._call([image.convert("RGB") for image in images])
        try:
            if isinstance(result, Mapping):
                result = np.stack([np.atleast_1d(scores) for scores in _in_order(result, columns)], axis=1)
            elif is_list_of_mappings(result):
                result = [_in_order(row, columns) for row in result]
        except ValueError as error:
            raise DiffexError(f"the classifier {self._name} gave scores that do not fit its labels: {error}") from None
        scores = as_rows(as_numbers(result, self._name))
        return self._meaning.logits(scores, len(images), len(labels), self._name)

    def _call(self, pictures: list[Image.Image]) -> Any:
        with foreign(called(registry.CLASSIFIERS, self._name)):
            return plain_scores(self._function(pictures), len(pictures), self._meaning.values)


class PythonClassifier:
    """``python:<module>:<callable>[:kind=…,values=…,version=V]``: a function of a module of one's own.

    The scores are as :class:`FunctionClassifier` takes them, named by the callable's attribute ``labels``, else by the
    module's ``LABELS``. They are logits of one class of several, unless ``kind`` and ``values`` say otherwise
    (:class:`~diffex_cli.classifiers.outputs.Outputs`).

    The module may be in the current folder. The fingerprint covers the module's own source and nothing
    that it imports or loads: give another ``version`` when those change.
    """

    names_may_change = True
    """The fingerprint does not cover the names of the classes where they come from elsewhere than the module's source,
    which only its import would show."""

    def __init__(self, spec: Spec, device: str = "auto") -> None:
        """Find the module, without importing it. The callable chooses its own device."""
        options = read_options(spec, PythonOptions())
        self._outputs, self._rules = parse_outputs(spec, options), options.rules
        self._spec = spec
        self._code = find_own(spec, "predict")

    @property
    def fingerprint(self) -> str:
        return digest(self.settings)

    @functools.cached_property
    def settings(self) -> Mapping[str, object]:
        settings = {"backend": "python", "module": self._code.module, "callable": self._code.callable}
        return {**settings, "source": file_digest(self._code.source), **self._spec.options, **self._rules}

    @property
    def labels(self) -> tuple[str, ...]:
        return self._imported.labels

    @property
    def output_kind(self) -> OutputKind:
        """What the logits are logits of, as the spec declares it."""
        return self._outputs.output_kind

    def logits(self, images: Sequence[Image.Image]) -> NDArray[np.float64]:
        return self._imported.logits(images)

    @functools.cached_property
    def _imported(self) -> FunctionClassifier:
        module, function = self._code.load()
        labels = getattr(function, "labels", None)
        if labels is None:
            labels = getattr(module, "LABELS", None)
        return FunctionClassifier(function, self._spec.text, self._outputs, labels)


def _in_order(scores: Mapping[Any, Any], labels: tuple[str, ...]) -> list[Any]:
    """The scores in the order of the labels."""
    by_text = {nfc(str(label)): score for label, score in scores.items()}
    if by_text.keys() != set(labels):
        raise ValueError(f"it scored {', '.join(sorted(by_text))}, not {', '.join(labels)}")
    return [by_text[label] for label in labels]
