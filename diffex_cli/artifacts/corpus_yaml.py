"""Hierarchies as YAML files: ``diffex.corpus/1``.

::

    schema: diffex.corpus/1
    domain: birds
    provenance: {provider: bundled}      # optional, any plain values
    nodes:
      - name: head                       # required; all else is optional
        prompt: head                     # what the editor is given; the name if absent
        children:
          - name: tall crest
            id: head/tall-crest          # the parent's id, "/", one slug; made from the name if absent
            remove: false
            placebo: false
            overrides: {guidance: 4.0}   # editor settings for this node alone, finite numbers
            replaces: short crest        # taken away in the same edit; not together with remove
            share: 0.67                  # of several runs or providers, how many named it, in (0, 1]
            source: 'guide.pdf, p. 3: …' # the passage that it was taken from
            group: words                 # with children: measured by its own words instead of by its members
            question: Is the crest tall? # yes/no, whether a picture shows it; for a verifier that can be asked

Files come from strangers and from language models, so a reader believes nothing: only plain YAML is
constructed, aliases (and with them exponential growth) are refused, nesting is bounded, and each
error names the file, the line, the key and the remedy.
"""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

import yaml

from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Group, Node, slug
from diffex_cli.core.plain_files import compose_yaml, plain_value, read_text_file, write_yaml
from diffex_cli.core.registry import did_you_mean

CORPUS_SCHEMA = "diffex.corpus/1"
MAX_DEPTH = 32
"""The number of levels that a hierarchy may have."""

LONGEST_QUESTION = 200
"""Characters of an attribute's question."""

_TOP_KEYS = ("schema", "domain", "provenance", "nodes")
_NODE_KEYS = (
    *("id", "name", "prompt", "remove", "placebo", "overrides", "replaces", "share", "source", "group", "question"),
    "children",
)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_YAML = "tag:yaml.org,2002:"


@dataclasses.dataclass(frozen=True, slots=True)
class CorpusDocument:
    """What a corpus file holds."""

    corpus: Corpus
    provenance: Mapping[str, Any]


def read_corpus(file: Path) -> Corpus:
    """Read and check a corpus file.

    Raises:
        UsageError: it cannot be read, is no YAML, or is no corpus of this version.
    """
    return parse_corpus(read_text(file), str(file)).corpus


def read_text(file: Path) -> str:
    """The text of a corpus file.

    Raises:
        UsageError: it cannot be read, or is not UTF-8.
    """
    return read_text_file(file, "the hierarchy")


def parse_corpus(text: str, source: str) -> CorpusDocument:
    """Check and read the text of a corpus file.

    Raises:
        UsageError: the text is no YAML, or no corpus of this version.
    """
    return _Reader(source).document(compose_yaml(text, source))


def write_corpus(corpus: Corpus, provenance: Mapping[str, Any]) -> str:
    """The text of a corpus file, which reads back as the same corpus.

    Every node's id is written out, so that a later change of how ids are made from names changes no
    finished run.

    Args:
        provenance: where it comes from, plain values only; never a secret.
    """
    document: dict[str, Any] = {"schema": CORPUS_SCHEMA, "domain": corpus.domain}
    if provenance:
        document["provenance"] = dict(provenance)
    document["nodes"] = [_plain(node) for node in corpus.roots]
    return write_yaml(document)


def _plain(node: Node) -> dict[str, Any]:
    plain: dict[str, Any] = {"id": node.id, "name": node.name, "prompt": node.prompt}
    if node.remove:
        plain["remove"] = True
    if node.placebo:
        plain["placebo"] = True
    if node.overrides:
        plain["overrides"] = {key: float(value) for key, value in node.overrides.items()}
    if node.replaces:
        plain["replaces"] = node.replaces
    if node.share is not None:
        plain["share"] = float(node.share)
    if node.source:
        plain["source"] = node.source
    if node.group != "members":
        plain["group"] = node.group
    if node.question:
        plain["question"] = node.question
    if node.children:
        plain["children"] = [_plain(child) for child in node.children]
    return plain


def _number(node: yaml.Node) -> float:
    """A plain number, else NaN. YAML 1.1 takes 1e-3 for text and 1:30 for ninety; Python does neither."""
    if not isinstance(node, yaml.ScalarNode) or node.style:
        return math.nan
    try:
        return float(node.value)
    except ValueError:
        return math.nan


class _Reader:
    """Checks composed YAML nodes, which know their lines, and turns them into a corpus."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: dict[str, int] = {}
        """Node id → its line."""

    def document(self, root: yaml.Node | None) -> CorpusDocument:
        if root is None:
            raise UsageError(f"{self._source} is empty: a hierarchy begins with 'schema: {CORPUS_SCHEMA}'")
        values = self._mapping(root, "the file", _TOP_KEYS)
        schema = values.get("schema")
        if schema is None:
            raise UsageError(f"{self._source} does not say 'schema: {CORPUS_SCHEMA}', so it is not read as a hierarchy")
        if not isinstance(schema, yaml.ScalarNode) or schema.value != CORPUS_SCHEMA:
            self._fail(schema, "schema", f"must be {CORPUS_SCHEMA}, which is all that this version of diffex reads")
        for key in ("domain", "nodes"):
            if key not in values:
                raise UsageError(f"{self._source} has no '{key}:' at its top level: add it")
        provenance: Mapping[str, Any] = {}
        if "provenance" in values:
            provenance = self._provenance(values["provenance"])
        domain = self._text(values["domain"], "domain")
        roots = self._nodes(values["nodes"], "nodes", parent=None, level=1)
        if not roots:
            self._fail(values["nodes"], "nodes", "is empty: give at least one attribute")
        return CorpusDocument(Corpus(domain, roots), provenance)

    def _nodes(self, node: yaml.Node, key: str, parent: str | None, level: int) -> tuple[Node, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self._fail(node, key, "must be a list, each item beginning with '- name:'")
        if node.value and level > MAX_DEPTH:
            self._fail(node, key, f"the hierarchy has more than {MAX_DEPTH} levels: make it flatter")
        return tuple(self._node(item, parent, level) for item in node.value)

    def _node(self, node: yaml.Node, parent: str | None, level: int) -> Node:
        values = self._mapping(node, "an attribute", _NODE_KEYS)
        if "name" not in values:
            self._fail(node, "name", "is missing: every attribute needs one")
        name = self._text(values["name"], "name")
        id = self._id(values, name, parent)
        if id in self._lines:
            remedy = "rename one of the two" if "id" not in values else "change one of the two"
            self._fail(values.get("id", values["name"]), "id", f"{id!r} is also on line {self._lines[id]}: {remedy}")
        self._lines[id] = node.start_mark.line + 1
        remove = self._flag(values.get("remove"), "remove")
        if remove and "replaces" in values:
            self._fail(values["replaces"], "replaces", "goes with an attribute that is added: leave out 'remove: true'")
        return Node(
            id=id,
            name=name,
            prompt=self._text(values["prompt"], "prompt") if "prompt" in values else name,
            remove=remove,
            placebo=self._flag(values.get("placebo"), "placebo"),
            overrides=self._overrides(values.get("overrides")),
            replaces=self._text(values["replaces"], "replaces") if "replaces" in values else "",
            share=self._share(values.get("share")),
            source=self._text(values["source"], "source") if "source" in values else "",
            group=self._group(values.get("group")),
            question=self._question(values.get("question")),
            children=self._nodes(values["children"], "children", id, level + 1) if "children" in values else (),
        )

    def _id(self, values: Mapping[str, yaml.Node], name: str, parent: str | None) -> str:
        prefix = "" if parent is None else f"{parent}/"
        if "id" in values:
            id = self._text(values["id"], "id")
            if not id.startswith(prefix) or not _SLUG.fullmatch(id.removeprefix(prefix)):
                example = prefix + (slug(name) or "tall-crest")
                self._fail(
                    values["id"], "id", f"{id!r} must be a path of slugs below its parent's, such as {example!r}"
                )
            return id
        if not slug(name):
            self._fail(values["name"], "name", f"{name!r} has no letter a–z or digit to make an id of: add an 'id:'")
        return prefix + slug(name)

    def _overrides(self, node: yaml.Node | None) -> dict[str, float]:
        if node is None:
            return {}
        overrides = {}
        for key, value in self._mapping(node, "overrides", None).items():
            number = _number(value)
            if not math.isfinite(number):
                self._fail(value, f"overrides: {key}", "must be a finite number, such as 4.0")
            overrides[key] = number
        return overrides

    def _share(self, node: yaml.Node | None) -> float | None:
        if node is None:
            return None
        share = _number(node)
        if not 0 < share <= 1:
            self._fail(node, "share", "must be a number above 0 and at most 1, such as 0.67")
        return share

    def _group(self, node: yaml.Node | None) -> Group:
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value == "members"):
            return "members"
        if not isinstance(node, yaml.ScalarNode) or node.value != "words":
            self._fail(node, "group", "must be members or words")
        return "words"

    def _question(self, node: yaml.Node | None) -> str:
        if node is None:
            return ""
        question = self._text(node, "question")
        if not question.endswith("?") or len(question) > LONGEST_QUESTION:
            problem = (
                f"must be one yes/no question of at most {LONGEST_QUESTION} characters, such as Is the crest tall?"
            )
            self._fail(node, "question", problem)
        return question

    def _provenance(self, node: yaml.Node) -> Mapping[str, Any]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, "provenance", "must be a mapping")
        try:
            content: dict[str, Any] = plain_value(node, typed=True)
        except yaml.MarkedYAMLError as error:
            line = node.start_mark.line if error.problem_mark is None else error.problem_mark.line
            raise UsageError(f"{self._source}, line {line + 1}: provenance: {error.problem}") from None
        return content

    def _mapping(self, node: yaml.Node, what: str, known: tuple[str, ...] | None) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self._fail(node, what, f"must be a mapping with keys{f' from {known}' if known else ''}")
        values: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or (known is None and not key_node.value.strip()):
                self._fail(key_node, what, "has a key that is not a plain word")
            key = key_node.value
            if known is not None and key not in known:
                self._fail(key_node, f"unknown key {key!r}", f"in {what}{did_you_mean(key, known)}")
            if key in values:
                self._fail(key_node, key, f"is given twice in {what}: remove one")
            values[key] = value
        return values

    def _text(self, node: yaml.Node, key: str) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self._fail(node, key, "must be text")
        if node.value and node.tag != f"{_YAML}str":
            self._fail(node, key, f"{node.value!r} is not text in YAML: put it in quotes")
        text = " ".join(node.value.split())
        if not text:
            self._fail(node, key, "is empty: write some words, or leave the key out if it is optional")
        if any(unicodedata.category(character) in ("Cc", "Cs") for character in text):
            self._fail(node, key, "holds a control character: remove it")
        return text

    def _flag(self, node: yaml.Node | None, key: str) -> bool:
        if node is None:
            return False
        if not isinstance(node, yaml.ScalarNode) or node.tag != f"{_YAML}bool":
            self._fail(node, key, "must be true or false")
        return node.value.lower() in ("true", "yes", "on")

    def _fail(self, node: yaml.Node, key: str, problem: str) -> NoReturn:
        raise UsageError(f"{self._source}, line {node.start_mark.line + 1}: {key}: {problem}")
