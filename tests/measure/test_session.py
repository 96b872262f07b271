"""What a session opens, and what it was handed open."""

from pathlib import Path

import pytest
from pipeline import make_corpus, settings

from diffex_cli.classifiers.backends.python import PythonClassifier
from diffex_cli.core.errors import IncompleteError, UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.editors.tint import TintEditor
from diffex_cli.measure.session import Backends, Session


def test_check_complains_of_what_cannot_be_opened(tmp_path: Path) -> None:
    session = Session(settings(tmp_path, editor="tnt:", classifier="colour:"))
    session.check()
    with pytest.raises(UsageError, match="there is no editor 'tnt'"):
        session.check("editor", "classifier")
    with pytest.raises(UsageError, match="there is no classifier 'colour'"):
        session.check("classifier")
    with pytest.raises(IncompleteError, match="corpus"):
        session.check("corpus")
    Session(make_corpus(tmp_path)).check("corpus", "images", "editor", "classifier", "screening", "perception")


def test_open_backends_are_used_and_their_specs_are_not(tmp_path: Path) -> None:
    editor, classifier = (
        TintEditor(parse_spec("tint:")),
        PythonClassifier(parse_spec("python:colour_classifier:logits")),
    )
    named = settings(tmp_path, editor="object:my.Editor", classifier="object:my.Classifier")
    session = Session(named, Backends(editor, classifier))
    assert session.editor.own is editor
    assert session.classifier.own is classifier
    session.release()
    assert session.editor.own is editor
    with pytest.raises(UsageError, match="name one with --classifier"):
        Session(named, Backends(editor)).check("editor", "classifier")


def test_a_cheaper_editor_screens_for_an_open_one(tmp_path: Path) -> None:
    editor = TintEditor(parse_spec("tint:"))
    session = Session(settings(tmp_path, editor="object:my.Editor", screen="tint:strength=0.2"), Backends(editor))
    assert session.screening is not None
    assert session.screening.editor_fingerprint != session.editor_fingerprint == editor.fingerprint
    with pytest.raises(UsageError, match="name a cheaper editor"):
        Session(settings(tmp_path, editor="object:my.Editor", screen="fast"), Backends(editor)).check("screening")
