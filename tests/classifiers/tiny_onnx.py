"""Writes tiny ONNX networks without the ``onnx`` package: channel means, one linear layer, perhaps an activation.

Field numbers are those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

FLOAT, UINT8, FLOAT16 = 1, 2, 10
WEIGHTS = np.array([[2.0, -1.0, 0.5], [0.0, 3.0, -2.0], [-1.0, 1.0, 4.0]], dtype=np.float32)
BIASES = np.array([0.25, -0.5, 0.0], dtype=np.float32)


def save(
    path: Path,
    shape: Sequence[int | str] = ("n", 3, 8, 8),
    activation: str = "",
    columns: int = 3,
    dtype: int = FLOAT,
    inputs: int = 1,
    means: bool = False,
) -> Path:
    """A network whose scores are ``activation(means @ WEIGHTS[:, :columns] + BIASES[:columns])``; if it is asked for,
    its second output, ``means``, is the mean of each channel over all positions."""
    nodes, found = [], "pixels"
    if dtype != FLOAT:
        nodes.append(_node("Cast", [found], "float", _attribute("to", FLOAT)))
        found = "float"
    if shape[-1] == 3:
        nodes.append(_node("Transpose", [found], "nchw", _attribute("perm", [0, 3, 1, 2])))
        found = "nchw"
    nodes.append(_node("GlobalAveragePool", [found], "pooled"))
    nodes.append(_node("Flatten", ["pooled"], "means"))
    nodes.append(_node("Gemm", ["means", "weights", "biases"], "logits" if activation else "scores"))
    if activation:
        nodes.append(_node(activation, ["logits"], "scores"))
    graph = b"".join(_message(1, node) for node in nodes) + _text(2, "tiny")
    for name, values in (("weights", WEIGHTS[:, :columns]), ("biases", BIASES[:columns])):
        dims = b"".join(_number(1, size) for size in values.shape)
        tensor = dims + _number(2, FLOAT) + _text(8, name) + _message(9, np.ascontiguousarray(values).tobytes())
        graph += _message(5, tensor)
    for name in ("pixels", "unused")[:inputs]:
        graph += _message(11, _value(name, dtype, shape))
    graph += _message(12, _value("scores", FLOAT, (shape[0], columns)))
    if means:
        graph += _message(12, _value("means", FLOAT, (shape[0], 3)))
    path.write_bytes(_number(1, 8) + _message(7, graph) + _message(8, _text(1, "") + _number(2, 13)))
    return path


def _node(operator: str, inputs: Sequence[str], output: str, attribute: bytes = b"") -> bytes:
    names = b"".join(_text(1, name) for name in inputs)
    return names + _text(2, output) + _text(3, output) + _text(4, operator) + attribute


def _attribute(name: str, value: int | list[int]) -> bytes:
    if isinstance(value, int):
        return _message(5, _text(1, name) + _number(3, value) + _number(20, 2))
    return _message(5, _text(1, name) + b"".join(_number(8, each) for each in value) + _number(20, 7))


def _value(name: str, dtype: int, shape: Sequence[int | str]) -> bytes:
    dims = b"".join(_message(1, _number(1, d) if isinstance(d, int) else _text(2, d)) for d in shape)
    return _text(1, name) + _message(2, _message(1, _number(1, dtype) + _message(2, dims)))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _text(field: int, text: str) -> bytes:
    return _message(field, text.encode())


def _message(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
