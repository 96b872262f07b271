"""The function ``explain``: what the stages ``corpus`` and ``search`` do, in a program or a notebook."""

from __future__ import annotations

import dataclasses
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from diffex_cli.core.configuration import resolve
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.progress import Progress
from diffex_cli.core.registry import did_you_mean
from diffex_cli.core.settings import FIELDS, Accept, Algorithm, Direction, Effects, Groups, Holdout, Scale
from diffex_cli.corpus import corpus as corpus_stage
from diffex_cli.measure.session import OPENED, Backends, Session
from diffex_cli.python.backends import AnyClassifier, AnyEditor, AnyVerifier, as_classifier, as_editor, as_verifier
from diffex_cli.python.explanation import Explanation
from diffex_cli.python.hierarchy import AnyCorpus, as_corpus
from diffex_cli.python.pictures import AnyPictures, as_pictures
from diffex_cli.python.progress import terminal_progress
from diffex_cli.search import search


class Options(TypedDict, total=False):
    """What :func:`explain` takes beside its arguments: how to read a function's scores (``labels``, ``kind``,
    ``values``), what looks at the edits (``verifier``: a spec, an object with the protocol
    :class:`~diffex_cli.verifiers.base.Verifier` or a function of pictures and words), and the settings of the search by
    their own names (:class:`~diffex_cli.core.settings.Settings`)."""

    labels: list[str] | tuple[str, ...]
    kind: Literal["softmax", "binary", "multilabel", "regression"]
    values: Literal["logits", "probabilities"]
    n_images: int
    seed: int
    algorithm: Algorithm
    max_depth: int
    scale: Scale
    accept: Accept
    direction: Direction
    groups: Groups
    effects: Effects
    joint: int
    holdout: Holdout
    racing: bool
    max_edits: int
    screen: str
    region: str
    keep_region: str
    feather: int
    device: str
    verifier: AnyVerifier
    max_cost: float
    parallel: int
    any_verifier: bool
    protect: list[str] | tuple[str, ...]
    perceptual: str
    name: str | None


_NAMES = tuple(Options.__annotations__)
_OF_FUNCTIONS = ("labels", "kind", "values")


def explain(
    pictures: AnyPictures,
    classifier: AnyClassifier,
    corpus: AnyCorpus,
    editor: AnyEditor,
    *,
    target: str | None = None,
    beam: int = 5,
    delta: float = 0.1,
    progress: Progress | None = None,
    **options: Unpack[Options],
) -> Explanation:
    """Find the attributes that influence a classifier most. Nothing is read from the environment.

    Args:
        pictures: a folder, files, PIL images of any mode and size, a mapping from names to these, or the name of a
            bundled domain that has samples, ``"birds"``.
        classifier: a spec such as ``"birds:species"``, an object with the protocol
            :class:`~diffex_cli.classifiers.base.Classifier`, or a function from a list of n RGB pictures to an array of
            shape (n, classes) (:class:`~diffex_cli.classifiers.backends.python.FunctionClassifier`).
        corpus: the attributes: a bundled domain's name, the path of a YAML or JSON file, a
            :class:`~diffex_cli.core.hierarchy.Corpus`, nested dictionaries and lists of names, or one list of them.
        editor: a spec such as ``"ledits:birds"``, or an object with the protocol
            :class:`~diffex_cli.editors.base.Editor`.
        progress: hears of the edits and scores; by default a line on stderr if that is a terminal.
        options: further settings, as ``target``, ``beam`` and ``delta`` are.
    """
    _check_names(options)
    hear = terminal_progress() if progress is None else progress
    with _private_folder() as folder, _arguments_for_flags():
        scored = as_classifier(classifier, options.get("labels"), options.get("kind"), options.get("values"))
        edited = as_editor(editor)
        verified = as_verifier(options.get("verifier"))
        attributes = as_corpus(corpus, folder)
        shown = as_pictures(pictures, attributes.domain, folder / "run" / "images")
        settings = resolve(
            {
                **{name: value for name, value in options.items() if name not in _OF_FUNCTIONS},
                **dataclasses.asdict(attributes),
                "run": folder / "run",
                "images": shown.folder,
                "classifier": scored.spec,
                "editor": edited.spec,
                "verifier": None if verified is None else verified.spec,
                "target": target,
                "beam": beam,
                "delta": delta,
            },
            env={},
            required=("classifier", "editor"),
        )
        backends = Backends(edited.opened, scored.opened, None if verified is None else verified.opened)
        search.check(settings)
        Session(settings, backends).check(*OPENED)
        made = corpus_stage.run(settings, hear, shown.sources)
        found = search.run(settings, hear, backends=backends)
        told = tuple(map(_in_python, dict.fromkeys((*made.warnings, *found.warnings))))
        for sentence in told:
            warnings.warn(sentence, stacklevel=2)
        return Explanation(folder, settings, found, told)


def _check_names(options: Options) -> None:
    for name in options:
        if name not in _NAMES:
            known = ("target", "beam", "delta", "progress", *_NAMES)
            raise UsageError(f"explain() has no argument {name!r}{did_you_mean(name, known)}")


@contextmanager
def _private_folder() -> Iterator[Path]:
    """A new folder, which stays for who gets the result, and goes if there is none."""
    folder = Path(tempfile.mkdtemp(prefix="diffex-"))
    try:
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@contextmanager
def _arguments_for_flags() -> Iterator[None]:
    """Let an error's sentence name arguments where the command line has flags."""
    try:
        yield
    except DiffexError as error:
        error.args = (_in_python(str(error)),)
        raise


_FLAG = re.compile(r"(?<!\S)--([a-z]+(?:-[a-z]+)*)")
_RENAMED = {"images": "pictures", "corpus_file": "corpus"}


def _in_python(sentence: str) -> str:
    """``--max-edits`` → ``max_edits``."""

    def argument(match: re.Match[str]) -> str:
        name = match[1].replace("-", "_")
        return _RENAMED.get(name, name) if name in FIELDS else match[0]

    return _FLAG.sub(argument, sentence)
