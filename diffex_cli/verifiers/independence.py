"""A verifier must not be what it checks: the classifier that is explained, nor the model that wrote the corpus."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, parse_spec
from diffex_cli.core.typed_paths import typed_path
from diffex_cli.language_models.costs import without_date
from diffex_cli.verifiers.asking import AskingVerifier
from diffex_cli.verifiers.opened import OpenedVerifier


def check_classifier(verifier: str, classifier: str) -> None:
    """Refuse a verifier that is the classifier itself, by their specs.

    Raises:
        UsageError: they name the same model.
    """
    if classifier and _same(parse_spec(verifier), parse_spec(classifier)):
        raise UsageError(
            f"the verifier {verifier} is the classifier that is explained, {classifier}, which cannot check its own "
            "explanation: name another --verifier, or none"
        )


def check_writer(verifier: OpenedVerifier, authors: Sequence[Mapping[str, object]]) -> None:
    """Refuse a verifier that asks the language model which wrote the corpus.

    Args:
        authors: the settings of the models that did.

    Raises:
        UsageError: it does, and nobody asked for that.
    """
    if not authors or not isinstance(verifier.own, AskingVerifier) or verifier.own.also_writer:
        return
    model = verifier.own.yes_no.model.settings
    if any(_same_model(model, author) for author in authors):
        raise UsageError(
            f"the verifier {verifier.spec} is the language model that wrote the corpus, {model.get('model')}, and is "
            "likely to see what it expects: name another --verifier, or add the option writer=yes to it"
        )


def _same(one: Spec, other: Spec) -> bool:
    """Hub ids and folders are the same model whatever opens them; what an address leads to is not known."""
    if "http" in (one.name, other.name):
        return False
    alike = one.name == other.name or "/" in one.model
    return alike and bool(one.model) and _normal(one.model) == _normal(other.model)


def _normal(model: str) -> str:
    with contextlib.suppress(OSError, UsageError):
        path = typed_path(model)
        if path.exists():
            return str(path.resolve())
    return model.lower()


def _same_model(one: Mapping[str, object], other: Mapping[str, object]) -> bool:
    if "files" in one and "files" in other:
        return one["files"] == other["files"]
    return _name(one) == _name(other)


def _name(model: Mapping[str, object]) -> str:
    return without_date(str(model.get("model", "")).lower())
