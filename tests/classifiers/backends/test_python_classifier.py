"""Classifiers that are a function of the user's."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.classifiers.backends.python import FunctionClassifier, PythonClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

MODULE = """
import numpy as np

def _means(images):
    assert all(image.mode == "RGB" for image in images)
    return np.array([np.asarray(image, dtype=float).mean(axis=(0, 1)) for image in images])

def array(images): return _means(images)
def named(images): return _means(images)
named.labels = ("red", "green", "blue")
def columns(images): return {name: _means(images)[:, i] for i, name in enumerate("rgb")}
def rows(images): return [dict(zip((1, 2, 3), row)) for row in _means(images)]
def tensor(images):
    import torch
    return torch.tensor(_means(images), requires_grad=True)
def raises(images): raise RuntimeError("out of paint")
def vector(images): return _means(images)[:, 0]
def cube(images): return np.stack([_means(images)] * 2, axis=2)
def kept_axes(images): return _means(images)[:, None, :, None]
def loose(images):
    import torch
    return [{n: torch.tensor(value, requires_grad=True) for n, value in zip("rgb", row)} for row in _means(images)]
def halves(images):
    import torch
    return {name: torch.tensor(column).bfloat16() for name, column in zip("rgb", _means(images).T)}
def listed(images):
    import torch
    return [torch.tensor(row, dtype=torch.bfloat16, requires_grad=True) for row in _means(images)]
def output(images):
    import torch
    from transformers.modeling_outputs import ImageClassifierOutput
    return ImageClassifierOutput(logits=torch.tensor(_means(images), requires_grad=True))
def piped(images):
    answers = [[{"label": n, "score": s} for n, s in zip("rgb", row)][::-1] for row in _means(images)]
    return answers if len(images) > 1 else answers[0]
def piped_shares(images):
    return [[{"label": n, "score": s} for n, s in zip("rgb", row)] for row in shares(images)]
def topped(images): return [[{"label": "r", "score": 9.0}], [{"label": "g", "score": 9.0}]][:len(images)]
def complexes(images): return _means(images) + 1j
def nothing(images): return None
def shares(images): return _means(images) / _means(images).sum(axis=1, keepdims=True)
def share(images): return {"warm": _means(images)[:, 0] / 100}
def not_a_number(images): return _means(images) * np.array([[np.inf], [1.0]])
def ragged(images): return [[1.0], [1.0, 2.0]]
def moody(images): return {"r": [1.0] * len(images)} if len(images) > 1 else {"g": [1.0]}
constant = 5
"""

PICTURES = [Image.new("RGB", (4, 6), (10, 20, 30)), Image.new("L", (5, 5), 7)]
SCORES = [[10.0, 20.0, 30.0], [7.0, 7.0, 7.0]]


@pytest.fixture(autouse=True)
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    file = tmp_path / "paint_model.py"
    file.write_text(MODULE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield file
    for name in ("paint_model", "broken_model"):
        sys.modules.pop(name, None)
    sys.path_importer_cache.clear()


def classifier(callable: str, module: str = "paint_model") -> PythonClassifier:
    return PythonClassifier(parse_spec(f"python:{module}:{callable}"))


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "python") is PythonClassifier


@pytest.mark.parametrize(
    ("callable", "labels"),
    [
        ("array", ("0", "1", "2")),
        ("named", ("red", "green", "blue")),
        ("columns", ("r", "g", "b")),
        ("rows", ("1", "2", "3")),
        ("tensor", ("0", "1", "2")),
        ("kept_axes", ("0", "1", "2")),
        ("loose", ("r", "g", "b")),
        ("halves", ("r", "g", "b")),
        ("listed", ("0", "1", "2")),
        ("output", ("0", "1", "2")),
    ],
)
def test_every_documented_form_is_read(callable: str, labels: tuple[str, ...]) -> None:
    model = classifier(callable)
    assert model.labels == labels
    logits = model.logits(PICTURES)
    assert logits.dtype == np.float64
    np.testing.assert_array_equal(logits, SCORES)
    assert model.logits([]).shape == (0, 3)


def test_a_single_column_may_be_a_vector() -> None:
    np.testing.assert_array_equal(classifier("vector").logits(PICTURES), [[10.0], [7.0]])
    assert classifier("vector:kind=binary").labels == ("no", "yes")
    np.testing.assert_array_equal(classifier("vector:kind=binary").logits(PICTURES), [[-5.0, 5.0], [-3.5, 3.5]])


def test_declared_probabilities_become_logits() -> None:
    np.testing.assert_allclose(np.exp(classifier("shares:values=probabilities").logits(PICTURES)), np.divide(
        SCORES, np.sum(SCORES, axis=1, keepdims=True)))  # fmt: skip
    model = classifier("share:kind=binary,values=probabilities")
    assert model.labels == ("not warm", "warm")
    no, yes = model.logits(PICTURES)[0]
    assert yes - no == pytest.approx(np.log(0.1 / 0.9))
    assert model.fingerprint != classifier("share").fingerprint


def test_logits_that_are_declared_probabilities_are_refused() -> None:
    with pytest.raises(DiffexError, match="declared to give probabilities, but gave 7 to 30"):
        classifier("array:values=probabilities").logits(PICTURES)


def test_a_pipelines_answers_are_read_by_their_labels() -> None:
    model = classifier("piped")
    order = ["rgb".index(label) for label in model.labels]
    np.testing.assert_array_equal(model.logits(PICTURES), np.array(SCORES)[:, order])
    np.testing.assert_array_equal(model.logits(PICTURES[:1]), np.array(SCORES)[:1, order])
    shares = classifier("piped_shares:values=probabilities").logits(PICTURES)
    np.testing.assert_allclose(np.exp(shares), np.divide(SCORES, np.sum(SCORES, axis=1, keepdims=True)))


def test_labels_may_be_numbered_but_not_otherwise_mapped(module: Path) -> None:
    for declared, labels in (("{1: 'g', 0: 'r', 2: 'b'}", ("r", "g", "b")), ("('r', 'g', 'b')", ("r", "g", "b"))):
        sys.modules.pop("paint_model", None)
        module.write_text(MODULE + f"LABELS = {declared}\n", encoding="utf-8")
        assert classifier("array").labels == labels
    for declared, message in (
        ("{1: 'r', 2: 'g', 3: 'b'}", r"must be numbered 0, 1, … without gaps, .* not 1, 2, 3"),
        ("{'r': 0}", "must be numbered"),
        ("'rgb'", "are 'rgb': give a list of names"),
        ("3", "are 3: give a list of names"),
    ):
        sys.modules.pop("paint_model", None)
        module.write_text(MODULE + f"LABELS = {declared}\n", encoding="utf-8")
        with pytest.raises(UsageError, match=message):
            _ = classifier("array").labels


def test_labels_of_the_module_and_repeated_ones(module: Path) -> None:
    module.write_text(MODULE + 'LABELS = ["crane", "crane", "other"]\n', encoding="utf-8")
    assert classifier("array").labels == ("crane (0)", "crane (1)", "other")


def test_what_is_not_finite_costs_its_picture(module: Path) -> None:
    found = classifier("not_a_number").logits(PICTURES)
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


@pytest.mark.parametrize(
    ("callable", "message"),
    [
        ("raises", "python:paint_model:raises raised RuntimeError: out of paint"),
        ("cube", r"shape \(2, 3, 2\) for 2 images and 1 classes"),
        ("ragged", "not a table of numbers"),
        ("piped_shares", "gives probabilities, which would be taken for logits: say values=probabilities"),
        ("topped", r"the pipeline leaves classes out: call it with top_k=None"),
        ("complexes", "not a table of numbers"),
        ("nothing", r"scores of shape \(\) for 2 images"),
        ("moody", "do not fit its labels: it scored r, not g"),
    ],
)
def test_what_is_no_score_is_refused(callable: str, message: str) -> None:
    with pytest.raises(DiffexError, match=message):
        classifier(callable).logits(PICTURES)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("python:paint_model", "write python:MODULE:CALLABLE"),
        ("python:a b:c", "write python:MODULE:CALLABLE"),
        ("python:no_such_model:f", "there is no module 'no_such_model'"),
        ("python:no_such.model:f", "there is no module 'no_such.model'"),
        ("python:sys:exit", "has no source file"),
        ("python:paint_model:array:batch=3", "unknown option 'batch'"),
        ("python:paint_model:array:kind=soft", "kind must be one of softmax, binary"),
    ],
)
def test_a_wrong_spec_is_refused_at_once(spec: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PythonClassifier(parse_spec(spec))


def test_what_cannot_be_imported_is_refused_at_first_use(tmp_path: Path) -> None:
    (tmp_path / "broken_model.py").write_text("1 / 0\n", encoding="utf-8")
    model = classifier("f", "broken_model")
    assert model.fingerprint
    with pytest.raises(UsageError, match="cannot be imported: ZeroDivisionError"):
        model.logits(PICTURES)
    for name in ("constant", "missing"):
        with pytest.raises(UsageError, match=f"defines no callable '{name}'"):
            _ = classifier(name).labels


def test_the_fingerprint_follows_source_callable_and_version(module: Path) -> None:
    first = classifier("array").fingerprint
    assert "paint_model" not in sys.modules
    assert classifier("array").fingerprint == first
    others = {classifier("named").fingerprint, classifier("array:version=2").fingerprint}
    module.write_text(MODULE + "# changed\n", encoding="utf-8")
    others.add(classifier("array").fingerprint)
    assert len(others | {first}) == 4
    assert str(module.parent) not in str(dict(classifier("array").settings))


def test_a_function_is_a_classifier_with_a_fingerprint_of_its_own() -> None:
    def scores(pictures: list[Image.Image]) -> np.ndarray:
        return np.stack([[picture.width, picture.height, 7.0] for picture in pictures])

    one, other = FunctionClassifier(scores, "scores"), FunctionClassifier(scores, "scores")
    assert one.fingerprint == one.fingerprint != other.fingerprint
    assert one.labels == ("0", "1", "2")
    assert one.logits([Image.new("L", (3, 4))]).tolist() == [[3.0, 4.0, 7.0]]
    assert one.logits([]).shape == (0, 3)
    scores.labels = ("a", "b", "c")
    assert FunctionClassifier(scores, "scores").labels == ("a", "b", "c")
    assert FunctionClassifier(scores, "scores", labels=["x", "y", "z"]).labels == ("x", "y", "z")
    with pytest.raises(DiffexError, match="the classifier scores gave 3 numbers for an image, but has 2 labels"):
        FunctionClassifier(scores, "scores", labels=["x", "y"]).logits([Image.new("RGB", (3, 4))])
