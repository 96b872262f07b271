"""The files that a network in ONNX format is made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from diffex_cli.classifiers.network import cannot_load
from diffex_cli.classifiers.packages import require
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec


def external_files(file: Path, spec: Spec) -> list[Path]:
    """The files beside ``file`` in which it keeps tensors, sorted by name. They may have any name, and retraining may
    change nothing but them.

    Raises:
        UsageError: the file is no ONNX model, or one of them is missing or not below its folder.
    """
    onnx = require("onnx", "onnx", spec)
    try:
        model = onnx.load_model(str(file), load_external_data=False)
    except Exception as error:
        raise cannot_load(spec, error) from error
    graphs = [model.graph, *model.functions]
    locations = {
        entry.value
        for graph in graphs
        for tensor in _tensors(graph)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    files = []
    for location in sorted(locations):
        path = file.parent / location
        where = f"{spec.text!r}: its weights are in {location!r}"
        if PurePosixPath(location).is_absolute() or ".." in PurePosixPath(location).parts:
            raise UsageError(f"{where}, outside of its folder: put them beside it")
        if not path.is_file():
            raise UsageError(f"{where}, and there is no file {path}: put it there")
        files.append(path)
    return files


def _tensors(graph: Any) -> Iterator[Any]:
    """All tensors of a graph or function, those of the graphs within it too."""
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (*([attribute.g] if attribute.HasField("g") else []), *attribute.graphs):
                yield from _tensors(inner)
