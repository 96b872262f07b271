#!/usr/bin/env bash
# onnxruntime 1.31.1 with onnx 1.23.2: the map that a ZipMap node makes has its classes in sorted order, not in that of
# classlabels_strings. Whoever pairs list(map.values()) with the exporter's list of classes, or with the index that an
# ArgMax output beside it names, reads another class's score. Seen: classes ["owl", "tit", "jay"], scores 1, 2, 3,
# map {'jay': 3.0, 'owl': 1.0, 'tit': 2.0}, label index 2.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q "onnx==1.23.2" "onnxruntime==1.31.1"
"$folder/venv/bin/python" - "$folder/net.onnx" <<'PYTHON'
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper

classes = ["owl", "tit", "jay"]
mapping = helper.make_map_type_proto(TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None))
graph = helper.make_graph(
    [
        helper.make_node("ZipMap", ["raw"], ["scores"], domain="ai.onnx.ml", classlabels_strings=classes),
        helper.make_node("ArgMax", ["raw"], ["index"], axis=1, keepdims=0),
    ],
    "net",
    [helper.make_tensor_value_info("raw", TensorProto.FLOAT, ["n", 3])],
    [
        helper.make_tensor_value_info("index", TensorProto.INT64, ["n"]),
        helper.make_value_info("scores", helper.make_sequence_type_proto(mapping)),
    ],
)
opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 3)]
onnx.save_model(helper.make_model(graph, opset_imports=opsets, ir_version=10), sys.argv[1])
session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
index, scores = session.run(None, {"raw": np.array([[1, 2, 3]], dtype=np.float32)})
print(scores[0], "index", index[0])
assert list(scores[0]) == ["jay", "owl", "tit"], "the order has changed"
assert index[0] == 2 and classes[index[0]] == "jay" and list(scores[0])[index[0]] == "tit"
PYTHON
