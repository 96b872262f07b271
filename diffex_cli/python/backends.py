"""The classifiers and editors that a Python program may name or hand over."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Sequence
from typing import Any, Generic, TypeAlias, TypeVar, cast

from diffex_cli.artifacts.keys import digest
from diffex_cli.classifiers.backends.python import Function, FunctionClassifier
from diffex_cli.classifiers.base import Classifier
from diffex_cli.classifiers.outputs import OutputOptions, parse_outputs
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import OBJECT, Spec
from diffex_cli.core.spec_options import read_options
from diffex_cli.editors.base import Editor
from diffex_cli.verifiers.backends.python import Function as Eyes
from diffex_cli.verifiers.backends.python import FunctionVerifier
from diffex_cli.verifiers.base import Verifier

AnyClassifier: TypeAlias = str | Classifier | Function
AnyEditor: TypeAlias = str | Editor
AnyVerifier: TypeAlias = str | Verifier | Eyes

_CLASSIFIER = ("fingerprint", "settings", "labels", "logits")
_VERIFIER = ("fingerprint", "costs", "exclusive", "seen")
_EDITOR = ("fingerprint", "settings", "edit")

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """What the artifacts call a backend, and the backend itself if it is open already."""

    spec: str
    opened: T | None = None


def as_classifier(given: AnyClassifier, labels: Sequence[str] | None, *meaning: str | None) -> Named[Classifier]:
    """A classifier as the session takes it.

    Args:
        given: a spec, a classifier or a function.
        labels: the names of a function's classes.
        meaning: the ``kind`` and ``values`` of a function's scores.

    Raises:
        UsageError: it is neither, or how to read its scores is said of something else than a function.
    """
    is_function = callable(given) and not _has(given, "logits") and not isinstance(given, type)
    if not is_function and (labels is not None or any(meaning)):
        raise UsageError("labels, kind and values are for a function's scores: leave them out, or put them in the spec")
    if isinstance(given, str):
        return Named(given)
    if not is_function:
        return Named(_spec(given), cast(Classifier, _checked(given, "classifier", _CLASSIFIER, " or a function")))
    if _has(given, "state_dict"):
        raise UsageError(
            "classifier is a torch module, which does not say how pictures become its input: give a function, such as "
            "lambda pictures: model(torch.stack([preprocess(picture) for picture in pictures]))"
        )
    if isinstance(labels, str):
        raise UsageError(f"labels must be a list of names, not {labels!r}")
    spec = _spec(given)
    options = {name: value for name, value in zip(("kind", "values"), meaning, strict=True) if value is not None}
    read = Spec(spec, OBJECT, spec, options)
    outputs = parse_outputs(read, read_options(read, OutputOptions()))
    return Named(spec, FunctionClassifier(cast(Function, given), spec.partition(":")[2], outputs, labels))


def as_editor(given: AnyEditor) -> Named[Editor]:
    """An editor as the session takes it.

    Raises:
        UsageError: it is none.
    """
    if isinstance(given, str):
        return Named(given)
    return Named(_spec(given), cast(Editor, _checked(given, "editor", _EDITOR)))


def as_verifier(given: AnyVerifier | None) -> Named[Verifier] | None:
    """A verifier as the session takes it; ``None`` for the domain's own.

    Raises:
        UsageError: it is none.
    """
    if given is None:
        return None
    if isinstance(given, str):
        return Named(given)
    if isinstance(given, type) or not (callable(given) or all(_has(given, name) for name in _VERIFIER)):
        raise UsageError(
            f"verifier is {given!r:.80}: give a spec, an object with {', '.join(_VERIFIER)} (see docs/extending.md) or "
            "a function"
        )
    is_object = _has(given, "seen")
    return Named(_spec(given), cast(Verifier, given) if is_object else FunctionVerifier(cast(Eyes, given)))


def _checked(given: object, what: str, needed: tuple[str, ...], more: str = "") -> object:
    if isinstance(given, type):
        raise UsageError(f"{what} is the class {given.__qualname__}: give an instance of it")
    missing = [name for name in needed if not _has(given, name)]
    if missing:
        raise UsageError(
            f"{what} is {given!r:.80}, which lacks {', '.join(missing)}: give a spec, an object with "
            f"{', '.join(needed)} (see docs/extending.md){more}"
        )
    try:
        digest(dict(given.settings))  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        raise UsageError(f"{what}: its settings must be plain values by name: {error}") from None
    return given


def _has(given: object, name: str) -> bool:
    """Whether an object has an attribute, without asking for its value: labels may load a model."""
    missing = object()
    return inspect.getattr_static(given, name, missing) is not missing


def _spec(given: object) -> str:
    """``object:my_module.MyClassifier``"""
    named: Any = given if hasattr(given, "__qualname__") else type(given)
    return f"{OBJECT}:{named.__module__}.{named.__qualname__}"
