"""The one reader of YAML and JSON that people and other programs write.

YAML 1.1, which PyYAML reads, takes a bare ``no`` for false, ``010`` for eight and ``12:30`` for 750, and of a key that
is given twice silently keeps one. Here a scalar is a number, a boolean or null only where it looks like one in JSON,
keys are always text, and what could be a mistake or an attack is an error with its line: a key given twice, an alias, a
tag, more than one document, deep nesting.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NoReturn

import yaml
from yaml.parser import ParserError
from yaml.reader import ReaderError
from yaml.scanner import ScannerError

from diffex_cli.core.errors import UsageError
from diffex_cli.core.plain_json import read_json
from diffex_cli.core.text_files import is_lfs_pointer, read_text_file, refuse_lfs_pointer
from diffex_cli.core.yaml_loaders import Loader, UntypedLoader, composed_in_c

__all__ = [
    "compose_yaml",
    "is_lfs_pointer",
    "plain_value",
    "read_json",
    "read_plain_file",
    "read_text_file",
    "read_yaml",
    "refuse_lfs_pointer",
    "write_yaml",
]

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*([eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
_SPECIAL = re.compile(r"([-+]?)\.(inf|nan)", re.IGNORECASE)
_TAG = "tag:yaml.org,2002:"
_TAGS = {yaml.MappingNode: ("map",), yaml.SequenceNode: ("seq",), yaml.ScalarNode: ("str",)}
_SEEN_IN_SCALARS = ("int", "float", "bool", "null", "timestamp", "merge", "value")
"""What PyYAML sees in a scalar of its own accord; what it is, is decided here."""


def read_plain_file(path: Path, what: str, *, verbatim: bool = False) -> Any:
    """A YAML file's values, or a JSON file's where the name ends in ``.json``. See :func:`read_yaml`.

    Raises:
        UsageError: of :func:`read_text_file` or :func:`read_yaml`.
    """
    text = read_text_file(path, what)
    return (read_json if path.suffix.lower() == ".json" else read_yaml)(text, f"{what} {path}", verbatim=verbatim)


def read_yaml(text: str, source: str, *, verbatim: bool = False) -> Any:
    """A YAML document's values: mappings with text as keys, lists, texts, numbers, booleans and None.

    Args:
        source: the file's name, for errors.
        verbatim: every scalar is the text that was written, so that a class may be called ``no`` or ``1.50``; only what
            is left empty is None.

    Raises:
        UsageError: it is no YAML, or holds what this reader refuses; the sentence names the line.
    """
    root = compose_yaml(text, source, typed=False)
    try:
        return None if root is None else plain_value(root, verbatim=verbatim)
    except yaml.MarkedYAMLError as error:
        raise _sentence(error, source) from None


def compose_yaml(text: str, source: str, *, typed: bool = True) -> yaml.Node | None:
    """A YAML document as nodes, which know their lines; None for an empty one.

    Args:
        source: the file's name, for errors.
        typed: plain scalars carry the tag of what YAML 1.1 takes them for.

    Raises:
        UsageError: of :func:`read_yaml`, but for tags and keys.
    """
    if (composed := composed_in_c(text, typed=typed)) is not None:
        return composed[0]
    loader = None
    try:
        loader = (Loader if typed else UntypedLoader)(text)
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        raise _sentence(error, source) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UsageError(
            f"{source}, line {line}: the character U+{ord(text[error.position]):04X} is not allowed in YAML: remove it"
        ) from None
    except (ValueError, OverflowError):  # an escape or a directive with a number beyond all characters
        line = 0 if loader is None else loader.line
        raise UsageError(f"{source} is not valid YAML, line {line + 1}: a number in it is too large") from None
    finally:
        if loader is not None:
            loader.dispose()


def plain_value(node: yaml.Node, *, verbatim: bool = False, typed: bool = False) -> Any:
    """What a node holds, as :func:`read_yaml` gives it. ``typed``: it was composed so.

    Raises:
        yaml.MarkedYAMLError: a tag, or a key that is no text or given twice.
    """
    tags: tuple[str, ...] = _TAGS[type(node)]
    if typed and isinstance(node, yaml.ScalarNode) and not node.style:
        tags = (*tags, *_SEEN_IN_SCALARS)
    if node.tag.removeprefix(_TAG) not in tags:
        _fail(node, f"the tag {node.tag.removeprefix(_TAG)}: write the plain value, tags are not read")
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, verbatim, typed)
    if isinstance(node, yaml.SequenceNode):
        return [plain_value(item, verbatim=verbatim, typed=typed) for item in node.value]
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return node.value
    if verbatim:
        return node.value or None
    return _typed(node.value)


def _sentence(error: yaml.MarkedYAMLError, source: str) -> UsageError:
    place = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
    problem = ", ".join(part for part in (error.context, error.problem) if part)
    broken = " is not valid YAML" if isinstance(error, ScannerError | ParserError) else ""
    return UsageError(f"{source}{broken}{place}: {problem}")


def write_yaml(content: Any) -> str:
    """The text of a YAML document that :func:`read_yaml` reads; keys keep their order."""
    return yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, which the reader refuses."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """In quotes where the reader would take it for something else than a text."""
        style = None if isinstance(_typed(data), str) else "'"
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)


_Dumper.add_representer(str, _Dumper.represent_str)


def _mapping(node: yaml.MappingNode, verbatim: bool, typed: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            _fail(key, "a key must be a plain text or number")
        if key.value in values:
            _fail(key, f"{key.value!r} is given twice: remove one")
        values[key.value] = plain_value(value, verbatim=verbatim, typed=typed)
    return values


def _typed(text: str) -> object:
    if _NULL.fullmatch(text):
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    special = _SPECIAL.fullmatch(text)
    return float(special[1] + special[2]) if special else text


def _fail(node: yaml.Node, problem: str) -> NoReturn:
    raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
