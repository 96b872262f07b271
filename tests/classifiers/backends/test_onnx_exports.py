"""Networks in ONNX format as several programs export them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diffex_cli.classifiers.backends.onnx import OnnxClassifier
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import parse_spec

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
helper, numpy_helper = onnx.helper, onnx.numpy_helper
FLOAT, INT64, UINT8 = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64, onnx.TensorProto.UINT8

WEIGHTS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0], [-1.0, 1.0, 4.0]], dtype=np.float32)
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)) for seed in range(5)
]
MEANS = np.stack([np.asarray(picture, dtype=np.float64).mean(axis=(0, 1)) / 255 for picture in PICTURES])


def classifier(file: Path, options: str = "mean=0,std=1") -> OnnxClassifier:
    return OnnxClassifier(parse_spec(f"onnx:{file}:{options}"), device="cpu")


def save(
    file: Path, *after: object, outputs: tuple[object, ...], channels: int = 3, dtype: int = FLOAT, ir: int = 10
) -> Path:
    """Channel means times WEIGHTS as ``raw`` (n, 3), and what ``after`` does with them."""
    given = "pixels"
    nodes = []
    if dtype != FLOAT:
        nodes.append(helper.make_node("Cast", [given], ["floats"], to=FLOAT))
        given = "floats"
    nodes += [
        helper.make_node("GlobalAveragePool", [given], ["pooled"]),
        helper.make_node("Flatten", ["pooled"], ["means"]),
        helper.make_node("MatMul", ["means", "weights"], ["raw"]),
        *after,
    ]
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("pixels", dtype, ["n", channels, 8, 8])],
        list(outputs),
        [numpy_helper.from_array(WEIGHTS[:channels], "weights")],
    )
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 3)]
    onnx.save_model(helper.make_model(graph, opset_imports=opsets, ir_version=ir), str(file))
    return file


RAW = helper.make_tensor_value_info("raw", FLOAT, ["n", 3])
LABEL = helper.make_tensor_value_info("label", INT64, ["n"])
ARGMAX = helper.make_node("ArgMax", ["raw"], ["label"], axis=1, keepdims=0)


def test_a_predicted_label_that_comes_first_is_not_taken_for_scores(tmp_path: Path) -> None:
    model = classifier(save(tmp_path / "a.onnx", ARGMAX, outputs=(LABEL, RAW)))
    np.testing.assert_allclose(model.logits(PICTURES), MEANS @ WEIGHTS, atol=1e-5)
    with pytest.raises(UsageError, match=r"no output of scores 'label'; there are: raw"):
        classifier(tmp_path / "a.onnx", "mean=0,std=1,output=label").logits(PICTURES)
    only = save(tmp_path / "b.onnx", ARGMAX, outputs=(LABEL,))
    with pytest.raises(
        UsageError, match=r"which output of the network has the scores\? Of label tensor\(int64\), none"
    ):
        classifier(only).logits(PICTURES)


@pytest.mark.parametrize("keys", [["owl", "tit", "jay"], [7, 8, 9]])
def test_the_keys_of_a_map_are_the_labels(tmp_path: Path, keys: list[object]) -> None:
    text = isinstance(keys[0], str)
    zipped = helper.make_node(
        "ZipMap", ["raw"], ["scores"], domain="ai.onnx.ml", **{f"classlabels_{'strings' if text else 'int64s'}": keys}
    )
    mapping = helper.make_map_type_proto(
        onnx.TensorProto.STRING if text else INT64, helper.make_tensor_type_proto(FLOAT, None)
    )
    value = helper.make_value_info("scores", helper.make_sequence_type_proto(mapping))
    model = classifier(save(tmp_path / "a.onnx", ARGMAX, zipped, outputs=(LABEL, value)))
    order = [list(map(str, keys)).index(label) for label in model.labels]
    assert sorted(order) == [0, 1, 2]
    np.testing.assert_allclose(model.logits(PICTURES), (MEANS @ WEIGHTS)[:, order], atol=1e-5)


@pytest.mark.parametrize("axes", [[2, 3], [1]])
def test_axes_of_length_one_are_nothing(tmp_path: Path, axes: list[int]) -> None:
    kept = numpy_helper.from_array(np.array(axes), "axes")
    constant = helper.make_node("Constant", [], ["axes"], value=kept)
    unsqueeze = helper.make_node("Unsqueeze", ["raw", "axes"], ["s"])
    value = helper.make_tensor_value_info("s", FLOAT, None)
    model = classifier(save(tmp_path / "a.onnx", constant, unsqueeze, outputs=(value,)))
    assert model.labels == ("0", "1", "2")
    np.testing.assert_allclose(model.logits(PICTURES), MEANS @ WEIGHTS, atol=1e-5)


def test_eight_bits_are_0_to_255_also_with_a_processor(tmp_path: Path) -> None:
    file = save(tmp_path / "a.onnx", outputs=(RAW,), dtype=UINT8)
    np.testing.assert_allclose(classifier(file).logits(PICTURES), 255 * MEANS @ WEIGHTS, atol=1e-2)
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "ViTImageProcessor", "size": {"height": 8, "width": 8}, "resample": 2,'
        ' "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}'
    )
    found = classifier(file, f"processor={tmp_path}").logits(PICTURES)
    np.testing.assert_allclose(found, 255 * MEANS @ WEIGHTS, atol=1e-2)


def test_a_network_of_one_channel_sees_grey(tmp_path: Path) -> None:
    file = save(tmp_path / "a.onnx", outputs=(RAW,), channels=1)
    grey = np.array([[np.asarray(picture.convert("L"), dtype=np.float64).mean() / 255] for picture in PICTURES])
    np.testing.assert_allclose(classifier(file).logits(PICTURES), grey @ WEIGHTS[:1], atol=1e-5)
    with pytest.raises(UsageError, match=r"takes pictures of 1 channel\(s\), and channels=rgb is 3"):
        classifier(file, "mean=0,std=1,channels=rgb").logits(PICTURES)
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 8}, "resample": 2,'
        ' "crop_size": {"height": 8, "width": 8}, "do_convert_rgb": true, "image_mean": [0.5], "image_std": [0.25]}'
    )
    found = classifier(file, f"processor={tmp_path}").logits(PICTURES)
    np.testing.assert_allclose(found, (grey - 0.5) / 0.25 @ WEIGHTS[:1], atol=1e-5)


def test_weights_in_files_of_any_name_are_in_the_fingerprint(tmp_path: Path) -> None:
    file = tmp_path / "net.onnx"
    save(file, outputs=(RAW,))
    onnx.save_model(
        onnx.load_model(str(file)), str(file), save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    before = file.read_bytes()
    first, scores = classifier(file).fingerprint, classifier(file).logits(PICTURES)
    (tmp_path / "net.onnx.txt").write_text("a note")
    assert classifier(file).fingerprint == first
    weights = tmp_path / "weights.bin"
    weights.write_bytes((2 * np.frombuffer(weights.read_bytes(), dtype=np.float32)).tobytes())
    assert file.read_bytes() == before
    assert classifier(file).fingerprint != first
    np.testing.assert_allclose(classifier(file).logits(PICTURES), 2 * scores, rtol=1e-5)
    weights.unlink()
    with pytest.raises(UsageError, match=r"its weights are in 'weights\.bin', and there is no file .*weights\.bin"):
        _ = classifier(file).fingerprint


def test_weights_outside_of_the_folder_are_refused(tmp_path: Path) -> None:
    file = save(tmp_path / "net.onnx", outputs=(RAW,))
    model = onnx.load_model(str(file))
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], location="../weights.bin")
    model.graph.initializer[0].ClearField("raw_data")
    file.write_bytes(model.SerializeToString())
    with pytest.raises(UsageError, match=r"its weights are in '\.\./weights\.bin', outside of its folder"):
        _ = classifier(file).fingerprint


def test_a_newer_format_is_told_with_its_cause(tmp_path: Path) -> None:
    file = save(tmp_path / f"{'long-' * 40}name.onnx", outputs=(RAW,), ir=99)
    with pytest.raises(UsageError, match=r"cannot load the classifier .*IR version: 99"):
        classifier(file).logits(PICTURES)
