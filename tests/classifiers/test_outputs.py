"""What a classifier's numbers are declared to mean."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from diffex_cli.classifiers.outputs import CLIP, KINDS, VALUES, Kind, OutputOptions, Outputs, parse_outputs
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.output_kinds import softmax
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.spec_options import read_options

LOGITS = arrays(np.float64, (4, 3), elements=st.floats(-12, 12))


def sigmoid(values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-values))


@given(LOGITS)
def test_softmax_probabilities_survive(logits: np.ndarray) -> None:
    probabilities = softmax(logits)
    found = Outputs("softmax", "probabilities").logits(probabilities, 4, 3, "x")
    np.testing.assert_allclose(softmax(found), probabilities, atol=1e-6)
    np.testing.assert_array_equal(Outputs().logits(logits, 4, 3, "x"), logits)


@given(LOGITS)
def test_sigmoid_probabilities_become_their_logits(logits: np.ndarray) -> None:
    many = Outputs("multilabel", "probabilities").logits(sigmoid(logits), 4, 3, "x")
    np.testing.assert_allclose(many, logits, atol=1e-6)
    np.testing.assert_array_equal(Outputs("multilabel").logits(logits, 4, 3, "x"), logits)


@given(LOGITS)
def test_one_logit_is_two_classes_whose_softmax_is_the_sigmoid(logits: np.ndarray) -> None:
    logit = logits[:, 0]
    for raw in (logit, logit[:, None]):
        found = Outputs("binary").logits(raw, 4, 2, "x")
        np.testing.assert_allclose(softmax(found)[:, 1], sigmoid(logit), atol=1e-12)
        np.testing.assert_allclose(found @ [-1, 1], logit, atol=1e-12)
    found = Outputs("binary", "probabilities").logits(sigmoid(logit), 4, 2, "x")
    np.testing.assert_allclose(found @ [-1, 1], logit, atol=1e-6)


def test_certainty_stays_finite() -> None:
    certain = np.array([[0.0, 1.0], [1.0005, -0.0005]], dtype=np.float32)
    of_three = Outputs("softmax", "probabilities").logits(np.c_[certain, [0, 0]], 2, 3, "x")
    np.testing.assert_allclose(of_three, np.log([[CLIP, 1, CLIP], [1, CLIP, CLIP]]), atol=1e-12)
    many = Outputs("multilabel", "probabilities").logits(certain, 2, 2, "x")
    end = np.log((1 - CLIP) / CLIP)
    np.testing.assert_allclose(many, [[-end, end], [end, -end]])
    of_two = Outputs("softmax", "probabilities").logits(certain, 2, 2, "x")
    np.testing.assert_allclose(of_two, [[-end / 2, end / 2], [end / 2, -end / 2]])


@given(LOGITS)
def test_two_classes_go_by_their_log_odds(logits: np.ndarray) -> None:
    pairs = logits[:, :2]
    found = Outputs("softmax", "probabilities").logits(softmax(pairs), 4, 2, "x")
    np.testing.assert_array_equal(found[:, 0], -found[:, 1])
    np.testing.assert_allclose(found @ [-1, 1], np.clip(pairs @ [-1, 1], -16.118, 16.118), atol=2e-3)
    np.testing.assert_allclose(softmax(found), softmax(pairs), atol=1e-6)
    one_column = Outputs("binary", "probabilities").logits(softmax(pairs)[:, 1], 4, 2, "x")
    np.testing.assert_allclose(found, one_column, atol=1e-2)
    # logits that a model gives itself stay as they are
    np.testing.assert_array_equal(Outputs().logits(pairs, 4, 2, "x"), pairs)


def test_scores_by_another_rule_have_another_fingerprint() -> None:
    assert OutputOptions(None, "probabilities").rules == OutputOptions("softmax", "probabilities").rules != {}
    for options in (OutputOptions(), OutputOptions("binary", "probabilities"), OutputOptions("softmax", "logits")):
        assert options.rules == {}


def test_a_regression_is_taken_as_it_is() -> None:
    np.testing.assert_array_equal(Outputs("regression").logits([31.5, -2.0], 2, 1, "x"), [[31.5], [-2.0]])


def test_labels() -> None:
    assert Outputs().labels(("crane", "crane")) == ("crane (0)", "crane (1)")
    assert Outputs("binary").labels(("benign", "malignant")) == ("benign", "malignant")
    assert Outputs("binary").labels(("smile",)) == ("not smile", "smile")
    with pytest.raises(UsageError, match=r"two labels \(no, yes\) or one \(yes\), and there are 3"):
        Outputs("binary").labels(("a", "b", "c"))
    assert Outputs("binary").unnamed(1) == ("no", "yes")
    assert Outputs().unnamed(2) == ("0", "1")


@pytest.mark.parametrize(
    ("outputs", "raw", "labels", "message"),
    [
        (Outputs("softmax", "probabilities"), [[3.2, -1.0]], 2, "to give probabilities, but gave -1 to 3.2"),
        (Outputs("softmax", "probabilities"), [[0.9, 0.8]], 2, "sum to 1.7 to 1.7 rather than 1: say kind=multilabel"),
        (Outputs("multilabel", "probabilities"), [[0.9, 1.1]], 2, "leave out values=probabilities"),
        (Outputs("binary"), [[0.1, 0.9]], 2, "one number for an image, but gave 2: say kind=softmax"),
        (Outputs(), [[0.1, 0.9]], 3, "x gave 2 numbers for an image, but has 3 labels"),
        (Outputs(), [0.1], 3, r"scores of shape \(1,\) for 1 images and 3 classes"),
        (Outputs("softmax", "probabilities"), [[np.nan, 1.0], [3.2, -1.0]], 2, "but gave -1 to 3.2"),
    ],
)
def test_what_cannot_be_is_refused(outputs: Outputs, raw: object, labels: int, message: str) -> None:
    with pytest.raises(DiffexError, match=message):
        outputs.logits(np.asarray(raw), len(np.asarray(raw)), labels, "x")


@pytest.mark.parametrize("outputs", [Outputs(kind, values) for kind in KINDS for values in VALUES])
@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_number_that_is_not_finite_costs_its_picture_alone(outputs: Outputs, number: float) -> None:
    columns = 1 if outputs.kind == "binary" else 3
    raw = np.full((4, columns), 1 / columns)
    raw[2, 0] = number
    found = outputs.logits(raw, 4, max(columns, 2), "x")
    assert np.isnan(found[2]).all()
    np.testing.assert_array_equal(found[[0, 1, 3]], outputs.logits(raw[[0, 1, 3]], 3, max(columns, 2), "x"))


def declared(text: str, kind: Kind = "softmax") -> Outputs:
    spec = parse_spec(text)
    return parse_outputs(spec, read_options(spec, OutputOptions()), kind)


def test_options_win_over_the_models_configuration() -> None:
    assert declared("onnx:m") == Outputs("softmax", "logits")
    assert declared("onnx:m", "multilabel") == Outputs("multilabel", "logits")
    for kind in KINDS:
        assert declared(f"onnx:m:kind={kind}", "regression").kind == kind
    assert declared("onnx:m:values=probabilities").values == "probabilities"
    with pytest.raises(UsageError, match="values must be one of logits, probabilities, not 'probs'"):
        declared("onnx:m:values=probs")
    with pytest.raises(UsageError, match="a regression gives no probabilities"):
        declared("onnx:m:values=probabilities", "regression")


def test_a_binary_classifier_is_one_class_of_two() -> None:
    assert [Outputs(kind).output_kind for kind in KINDS] == ["softmax", "softmax", "multilabel", "regression"]
