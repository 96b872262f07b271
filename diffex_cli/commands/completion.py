"""What the shell offers when the Tab key is pressed after an option. Imports no backend."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, redirect_stdout

from diffex_cli.core.registry import CLASSIFIERS, CORPUS_PROVIDERS, EDITORS, VERIFIERS, names

_EDITOR_MODELS = {"inpaint": ("birds",), "ledits": ("birds",), "render": ("birds",)}
_CLASSIFIER_MODELS = {"birds": ("species", "shortcut", "null")}
_VERIFIER_MODELS = {"birds": ("probe",)}
_BASH_WORDS, _BASH_INDEX = "COMP_WORDS", "COMP_CWORD"


def domains(incomplete: str) -> list[str]:
    """The bundled domains."""
    from diffex_cli.core import domains as bundled

    return _matching(bundled.names(), incomplete)


def providers(incomplete: str) -> list[str]:
    """The corpus providers."""
    return _matching(names(CORPUS_PROVIDERS), incomplete)


def editors(incomplete: str) -> list[str]:
    """The editors, with the packaged models of those that have some."""
    return _matching(_specs(EDITORS, _EDITOR_MODELS), incomplete)


def screens(incomplete: str) -> list[str]:
    """The editors that can screen for another one."""
    return _matching(("none", "fast", *_specs(EDITORS, _EDITOR_MODELS)), incomplete)


def classifiers(incomplete: str) -> list[str]:
    """The classifiers, with the packaged models of those that have some."""
    return _matching(_specs(CLASSIFIERS, _CLASSIFIER_MODELS), incomplete)


def verifiers(incomplete: str) -> list[str]:
    """The verifiers, with the packaged models of those that have some, and none."""
    return _matching(("none", *_specs(VERIFIERS, _VERIFIER_MODELS)), incomplete)


def devices(incomplete: str) -> list[str]:
    """The usual names of devices, whether or not this machine has them."""
    return _matching(("auto", "cpu", "cuda", "cuda:all", "mps"), incomplete)


def perceptual(incomplete: str) -> list[str]:
    """The packaged networks for perceptual distances, and none."""
    return _matching(("birds", "none"), incomplete)


def targets(incomplete: str) -> list[str]:
    """The targets that are no label; labels are known only to the classifier."""
    return _matching(("all", "predicted"), incomplete)


@contextmanager
def bash_words(prog: str, environment: MutableMapping[str, str]) -> Iterator[None]:
    """Undo bash's habit of splitting the word under the cursor at colons.

    Bash passes ``birds:sp`` as the three words ``birds`` ``:`` ``sp``, and expects only what follows
    the last colon back. Does nothing unless bash is asking for completions of ``prog``.
    """
    before = _join(environment) if environment.get(f"_{prog.upper()}_COMPLETE") == "complete_bash" else ""
    if not before:
        yield
        return
    answer = io.StringIO()
    try:
        with redirect_stdout(answer):
            yield
    finally:
        sys.stdout.write("\n".join(line.removeprefix(before) for line in answer.getvalue().split("\n")))


def _join(environment: MutableMapping[str, str]) -> str:
    """Join the parts of the word under the cursor, and return what it has up to its last colon."""
    text = environment.get(_BASH_WORDS, "")
    separator = "\n" if "\n" in text else " "
    words = text.split(separator)
    index = int(environment.get(_BASH_INDEX, "0"))
    words += [""] * (index + 1 - len(words))
    start = index
    while start > 1 and ":" in (words[start], words[start - 1]):
        start -= 1
    if start == index:
        return ""
    word = "".join(words[start : index + 1])
    environment[_BASH_WORDS] = separator.join([*words[:start], word, *words[index + 1 :]])
    environment[_BASH_INDEX] = str(start)
    return word[: word.rindex(":") + 1]


def _specs(group: str, models: Mapping[str, tuple[str, ...]]) -> list[str]:
    specs: list[str] = []
    for name in names(group):
        specs += [f"{name}:{model}" for model in models.get(name, ())] or [f"{name}:"]
    return specs


def _matching(values: Iterable[str], incomplete: str) -> list[str]:
    return [value for value in values if value.startswith(incomplete)]
