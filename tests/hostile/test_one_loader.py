"""YAML and JSON of people and servers have one reader each; nobody goes round it."""

from __future__ import annotations

import ast
from pathlib import Path

import diffex_cli

PACKAGE = Path(diffex_cli.__file__).parent
READERS = {
    "json": ("load", "loads", "JSONDecoder"),
    "yaml": ("load", "load_all", "safe_load", "safe_load_all", "full_load", "unsafe_load", "compose", "parse", "scan"),
    "ast": ("literal_eval",),
    "tomllib": ("load", "loads"),
    "pickle": ("load", "loads", "Unpickler"),
}
EXCEPTIONS = {
    "core/plain_json.py": "the reader itself",
    "language_models/relaxed_json.py": "reads what language models write, which is JSON only almost",
}


def calls(source: str) -> list[str]:
    """Each use of another reader, as ``line N: module.name``."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.attr in READERS.get(node.value.id, ()):
                found.append(f"line {node.lineno}: {node.value.id}.{node.attr}")
            if node.attr == "json" and node.value.id in ("response", "answer", "reply"):
                found.append(f"line {node.lineno}: {node.value.id}.json")
        if isinstance(node, ast.ImportFrom) and node.module in READERS:
            names = [alias.name for alias in node.names if alias.name in READERS[node.module]]
            found += [f"line {node.lineno}: {node.module}.{name}" for name in names]
    return found


def test_nobody_else_reads() -> None:
    found = {str(path.relative_to(PACKAGE)): calls(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py")}
    assert {path: uses for path, uses in found.items() if uses and path not in EXCEPTIONS} == {}
    assert all(found[path] for path in EXCEPTIONS), "an exception that is none any more"


def test_the_check_sees_what_it_should() -> None:
    assert calls("import json\njson.loads('')") == ["line 2: json.loads"]
    assert calls("from yaml import safe_load") == ["line 1: yaml.safe_load"]
    assert calls("response.json()") == ["line 1: response.json"]
    assert calls("json.dumps(1)") == []
