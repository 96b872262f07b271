"""What packages and notebooks import stays importable, and costs nothing until it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import diffex_cli


@pytest.mark.parametrize("name", diffex_cli.__all__)
def test_every_public_name_is_the_object_that_its_home_defines(name):
    value = getattr(diffex_cli, name)
    assert value.__name__ == name
    assert value.__module__.startswith("diffex_cli.")


def test_type_checkers_are_told_the_same_names():
    tree = ast.parse(Path(diffex_cli.__file__).read_text(encoding="utf-8"))
    typed = {alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for alias in node.names} - {
        "annotations",
        "TYPE_CHECKING",
    }
    assert typed == set(diffex_cli.__all__)
    assert set(diffex_cli.__all__) <= set(dir(diffex_cli))


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = diffex_cli.Nonsense


def test_importing_the_package_imports_no_other_room():
    code = "import sys, diffex_cli; print(sorted(n for n in sys.modules if n.startswith('diffex_cli.')))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_python_m_is_the_command():
    done = subprocess.run([sys.executable, "-m", "diffex_cli", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("diffex ")
