"""Networks in ONNX format."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tiny_onnx
from PIL import Image

from diffex_cli.classifiers.backends.onnx import OnnxClassifier
from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.output_kinds import softmax
from diffex_cli.core.registry import CLASSIFIERS, find, parse_spec

runtime = pytest.importorskip("onnxruntime")

PLAIN = "mean=0,std=1"
PICTURES = [
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (20, 30, 3), dtype=np.uint8)) for seed in range(5)
]


def classifier(file: Path, options: str = PLAIN, device: str = "cpu") -> OnnxClassifier:
    return OnnxClassifier(parse_spec(f"onnx:{file}:{options}"), device=device)


def expected(pictures: list[Image.Image], mean: float = 0.0, std: float = 1.0, size: int = 8) -> np.ndarray:
    small = [image.resize((size, size), Image.Resampling.BILINEAR) for image in pictures]
    means = np.array([np.asarray(image, dtype=np.float64).mean(axis=(0, 1)) / 255 for image in small])
    return (means - mean) / std @ tiny_onnx.WEIGHTS + tiny_onnx.BIASES


@pytest.fixture
def network(tmp_path: Path) -> Path:
    return tiny_onnx.save(tmp_path / "tiny.onnx")


def test_the_registry_finds_it() -> None:
    assert find(CLASSIFIERS, "onnx") is OnnxClassifier


def test_scores_are_the_networks(network: Path) -> None:
    model = classifier(network, "mean=0.5,std=0.25")
    assert model.labels == ("0", "1", "2")
    logits = model.logits(PICTURES)
    assert logits.dtype == np.float64
    np.testing.assert_allclose(logits, expected(PICTURES, 0.5, 0.25), atol=1e-5)
    assert np.ptp(logits, axis=0).min() > 0.01
    assert model.logits([]).shape == (0, 3)


@pytest.mark.parametrize(
    ("shape", "dtype", "options"),
    [
        (("n", 3, "h", "w"), tiny_onnx.FLOAT, f"{PLAIN},size=8"),
        (("n", 8, 8, 3), tiny_onnx.FLOAT, PLAIN),
        (("n", "h", "w", 3), tiny_onnx.FLOAT, f"{PLAIN},size=8"),
        ((1, 3, 8, 8), tiny_onnx.FLOAT, PLAIN),
        ((2, 3, 8, 8), tiny_onnx.FLOAT, PLAIN),
        (("n", 3, 8, 8), tiny_onnx.FLOAT, f"{PLAIN},batch=2"),
    ],
)
def test_layouts_sizes_and_batches_of_every_kind(
    tmp_path: Path, shape: tuple[int | str, ...], dtype: int, options: str
) -> None:
    model = classifier(tiny_onnx.save(tmp_path / "n.onnx", shape, dtype=dtype), options)
    np.testing.assert_allclose(model.logits(PICTURES), expected(PICTURES), atol=1e-5)


def test_other_types_of_input(tmp_path: Path) -> None:
    half = classifier(tiny_onnx.save(tmp_path / "half.onnx", dtype=tiny_onnx.FLOAT16))
    np.testing.assert_allclose(half.logits(PICTURES), expected(PICTURES), atol=1e-2)
    bytes_ = classifier(tiny_onnx.save(tmp_path / "bytes.onnx", dtype=tiny_onnx.UINT8), PLAIN)
    np.testing.assert_allclose(bytes_.logits(PICTURES), expected(PICTURES, 0, 1 / 255), rtol=1e-5)


def test_probabilities_become_logits_that_mean_the_same(tmp_path: Path) -> None:
    raw = expected(PICTURES)
    shares = classifier(tiny_onnx.save(tmp_path / "s.onnx", activation="Softmax"), f"{PLAIN},values=probabilities")
    np.testing.assert_allclose(softmax(shares.logits(PICTURES)), softmax(raw), atol=1e-6)
    # not the scores that an earlier version kept
    assert shares.settings["two classes"] == "log-odds"
    file = tiny_onnx.save(tmp_path / "m.onnx", activation="Sigmoid")
    many = classifier(file, f"{PLAIN},values=probabilities,kind=multilabel")
    np.testing.assert_allclose(many.logits(PICTURES), raw, atol=1e-4)
    file = tiny_onnx.save(tmp_path / "b.onnx", activation="Sigmoid", columns=1)
    binary = classifier(file, f"{PLAIN},values=probabilities,kind=binary")
    assert binary.labels == ("no", "yes")
    np.testing.assert_allclose(binary.logits(PICTURES) @ [-1, 1], raw[:, 0], atol=1e-4)


def test_labels_outputs_and_a_processor_from_files(network: Path, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"id2label": {"0": "cat", "1": "dog", "2": "owl"}}')
    (tmp_path / "preprocessor_config.json").write_text(
        '{"image_processor_type": "ViTImageProcessor", "size": {"height": 8, "width": 8}, "resample": 2,'
        ' "image_mean": [0.5, 0.5, 0.5], "image_std": [0.25, 0.25, 0.25]}'
    )
    model = classifier(network, f"processor={tmp_path},labels={tmp_path}/config.json")
    assert model.labels == ("cat", "dog", "owl")
    np.testing.assert_allclose(model.logits(PICTURES), expected(PICTURES, 0.5, 0.25), atol=1e-5)
    channels_last = tiny_onnx.save(tmp_path / "nhwc.onnx", ("n", 8, 8, 3))
    np.testing.assert_allclose(
        classifier(channels_last, f"processor={tmp_path}").logits(PICTURES), expected(PICTURES, 0.5, 0.25), atol=1e-5
    )
    both = tiny_onnx.save(tmp_path / "both.onnx", means=True)
    np.testing.assert_allclose(
        classifier(both, f"{PLAIN},output=scores").logits(PICTURES), expected(PICTURES), atol=1e-5
    )
    means = classifier(both, f"{PLAIN},output=means,kind=regression").logits(PICTURES)
    np.testing.assert_allclose(means @ tiny_onnx.WEIGHTS + tiny_onnx.BIASES, expected(PICTURES), atol=1e-5)


def test_the_fingerprint_follows_contents_and_options(network: Path, tmp_path: Path) -> None:
    first = classifier(network).fingerprint
    moved = network.rename(tmp_path / "moved.onnx")
    assert classifier(moved, f"{PLAIN},batch=3").fingerprint == first
    labels = tmp_path / "labels.txt"
    labels.write_text("a\nb\nc\n")
    others = {classifier(moved, "mean=0,std=2").fingerprint, classifier(moved, f"{PLAIN},labels={labels}").fingerprint}
    labels.write_text("a\nb\nd\n")
    others.add(classifier(moved, f"{PLAIN},labels={labels}").fingerprint)
    tiny_onnx.save(moved, activation="Softmax")
    others.add(classifier(moved).fingerprint)
    assert len(others | {first}) == 5
    assert str(tmp_path) not in str(dict(classifier(moved, f"{PLAIN},labels={labels}").settings))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("std=1", "nothing says how the model wants its pixels: add mean=… and std=…"),
        ("mean=0,std=0", "std must be above 0"),
        (f"{PLAIN},kind=sofmax", r"kind must be one of softmax, .*, not 'sofmax' \(did you mean 'softmax'\?\)"),
        (f"{PLAIN},kind=regression,values=probabilities", "a regression gives no probabilities"),
        (f"{PLAIN},trust=yes", "unknown option 'trust'"),
        (f"{PLAIN},labels=none.txt", r"labels must be a file that exists, not 'none\.txt'"),
        ("processor=.", r"processor must be a folder with a preprocessor_config\.json, not"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_loaded(network: Path, options: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        classifier(network, options)


def test_a_missing_model_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no file .*none\.onnx"):
        classifier(tmp_path / "none.onnx")
    with pytest.raises(UsageError, match=r"names no model: write onnx:FILE\.onnx"):
        OnnxClassifier(parse_spec("onnx:mean=0,std=1"))


def test_what_does_not_fit_the_network_is_refused(network: Path, tmp_path: Path) -> None:
    both = tiny_onnx.save(tmp_path / "both.onnx", means=True)
    bytes_ = tiny_onnx.save(tmp_path / "bytes.onnx", dtype=tiny_onnx.UINT8)
    for file, options, message in (
        (network, f"{PLAIN},size=16", r"the model takes 8x8 pixels only: leave out size=16"),
        (network, f"{PLAIN},output=score", r"no output of scores 'score' \(did you mean 'scores'\?\)"),
        (both, PLAIN, r"which output .* Of scores tensor\(float\), means .*output=NAME, one of scores, means"),
        (network, f"{PLAIN},channels=grey", r"the model takes pictures of 3 channel\(s\), and channels=grey is 1"),
        (bytes_, "mean=imagenet,std=imagenet", r"takes whole numbers from 0 to 255 and normalises them itself"),
        (bytes_, f"{PLAIN},range=1", r"whole numbers from 0 to 255 .* no range=1"),
        (tiny_onnx.save(tmp_path / "free.onnx", ("n", 3, "h", "w")), PLAIN, "does not say what size it wants"),
        (tiny_onnx.save(tmp_path / "two.onnx", inputs=2), PLAIN, "must take one array of pictures, but takes pixels"),
    ):
        with pytest.raises(UsageError, match=message):
            classifier(file, options).logits(PICTURES)
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    with pytest.raises(DiffexError, match="gave 3 numbers for an image, but has 2 labels"):
        classifier(network, f"{PLAIN},labels={tmp_path}/labels.txt").logits(PICTURES)


def test_a_broken_file_is_refused_in_one_sentence(network: Path) -> None:
    network.write_bytes(network.read_bytes()[:50])
    with pytest.raises(UsageError, match=r"cannot load the classifier onnx:.*tiny\.onnx") as caught:
        classifier(network).logits(PICTURES)
    assert "\n" not in str(caught.value)


def test_a_gpu_that_the_runtime_lacks_is_refused(network: Path) -> None:
    if "CUDAExecutionProvider" in runtime.get_available_providers():
        pytest.skip("there is one")
    with pytest.raises(UsageError, match="--device cuda:1: onnxruntime cannot use a GPU here"):
        classifier(network, device="cuda:1").logits(PICTURES)


def test_a_missing_package_is_named_with_its_extra(network: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"needs the package onnxruntime: pip install 'diffex\[onnx\]'"):
        classifier(network).logits(PICTURES)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(UsageError, match=r"needs the package onnx: pip install 'diffex\[onnx\]'"):
        _ = classifier(network).fingerprint


def test_constructing_one_imports_nothing_heavy(network: Path) -> None:
    code = (
        "import sys; from diffex_cli.core.registry import parse_spec;"
        "from diffex_cli.classifiers.backends.onnx import OnnxClassifier;"
        f"OnnxClassifier(parse_spec('onnx:{network}:{PLAIN}')).fingerprint;"
        "assert not {'torch', 'transformers', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
