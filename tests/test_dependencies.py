"""pyproject.toml lists what the package imports, and nothing else."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import diffex_cli

PACKAGE = Path(diffex_cli.__file__).parent
PROJECT = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = {"pyyaml": "yaml", "pillow": "PIL"}
"""Packages that are imported by another name."""

FOR_OTHERS = {"accelerate", "pandas"}
"""Not imported here: diffusers asks for the first whenever it loads a model, and moves weights with it (``offload=``);
pyarrow makes DataFrames with the second (``Explanation.to_pandas``)."""

OPENERS = {"find_spec", "import_module", "require"}
"""Functions that are given the name of a module."""


def modules(requirements: Iterable[str]) -> set[str]:
    """The modules that requirements install."""
    names = (re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower() for requirement in requirements)
    return {MODULES.get(name, name.replace("-", "_")) for name in names} - {"diffex"}


def imported(node: ast.AST) -> Iterator[str]:
    """The top-level modules that code imports when it runs, also those within functions."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING"), orelse=orelse):
            for child in orelse:
                yield from imported(child)
            return
        case ast.Import(names=names):
            yield from (alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module.partition(".")[0]
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[ast.Constant(value=str(module)), *_]):
            if name in OPENERS:
                yield module.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imported(child)


def of_the_package() -> set[str]:
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in PACKAGE.rglob("*.py"))
    return {module for tree in trees for module in imported(tree)} - {"diffex_cli", *sys.stdlib_module_names}


def test_every_dependency_is_imported() -> None:
    assert modules(PROJECT["dependencies"]) - FOR_OTHERS - of_the_package() == set()


def test_every_import_is_a_dependency_or_in_an_extra() -> None:
    extras = [text for extra, texts in PROJECT["optional-dependencies"].items() if extra != "test" for text in texts]
    assert of_the_package() - modules(PROJECT["dependencies"]) - modules(extras) == set()


def test_no_extra_repeats_a_dependency() -> None:
    for extra, texts in PROJECT["optional-dependencies"].items():
        assert modules(texts) & modules(PROJECT["dependencies"]) == set(), extra


def test_the_providers_of_language_models_are_treated_alike() -> None:
    assert modules(PROJECT["dependencies"]) >= {"anthropic", "openai"}


def test_an_import_is_found_wherever_it_stands() -> None:
    source = (
        "import a.b\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import only_typed\n"
        "def f():\n    from c.d import e\n    importlib.util.find_spec('g')\n    require('h.i', 'extra', spec)\n"
        "    import_module(name)\n    print('j')\n    from . import k\n"
    )
    assert set(imported(ast.parse(source))) == {"a", "typing", "c", "g", "h"}
    assert modules(["pyyaml>=6.0", "bm25s", "huggingface-hub>=1; python_version > '3'", "diffex[lora]"]) == {
        "yaml",
        "bm25s",
        "huggingface_hub",
    }
