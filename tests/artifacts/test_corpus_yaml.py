"""Corpus files: what reads back, and what is refused with which words."""

import textwrap
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from diffex_cli.artifacts.corpus_yaml import MAX_DEPTH, parse_corpus, read_corpus, write_corpus
from diffex_cli.core.errors import UsageError
from diffex_cli.core.hierarchy import Corpus, Node, slug

HEAD = "schema: diffex.corpus/1\ndomain: birds\n"


def parse(nodes: str) -> Corpus:
    return parse_corpus(HEAD + "nodes:\n" + textwrap.indent(textwrap.dedent(nodes), "  "), "my.yaml").corpus


def refusal(text: str) -> str:
    with pytest.raises(UsageError) as caught:
        parse_corpus(text, "my.yaml")
    message = str(caught.value)
    assert message.startswith("my.yaml")
    assert "\n" not in message
    return message


def refusal_of_nodes(nodes: str) -> str:
    return refusal(HEAD + "nodes:\n" + textwrap.indent(textwrap.dedent(nodes).strip(), "  "))


def test_ids_and_prompts_come_from_names_where_absent() -> None:
    corpus = parse("""
        - name: Head
          children:
            - name: "Crest (any)"
              prompt: crest
              children:
                - name: tall  crest
                  remove: true
                  overrides: {guidance: 4, threshold: 1e-3}
        - name: top hat
          id: hat
          placebo: yes
          children:
            - {name: red, id: hat/red-one}
    """)
    tall = Node(
        "head/crest-any/tall-crest", "tall crest", "tall crest", True, False, {"guidance": 4, "threshold": 1e-3}
    )
    crest = Node("head/crest-any", "Crest (any)", "crest", children=(tall,))
    assert corpus.roots == (
        Node("head", "Head", "Head", children=(crest,)),
        Node("hat", "top hat", "top hat", placebo=True, children=(Node("hat/red-one", "red", "red"),)),
    )


def test_a_date_in_the_provenance_is_the_text_that_it_is() -> None:
    document = parse_corpus(HEAD + "provenance: {when: 2025-99-99, made: 2026-01-02}\nnodes: [{name: a}]", "x")
    assert document.provenance == {"when": "2025-99-99", "made": "2026-01-02"}


def test_provenance_and_domain_are_read() -> None:
    document = parse_corpus(HEAD + "provenance: {provider: bundled, temperature: 0.5}\nnodes: [{name: a}]", "x")
    assert document.provenance == {"provider": "bundled", "temperature": 0.5}
    assert document.corpus.domain == "birds"


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [
        ("- name: head\n- name: Head!", "my.yaml, line 5: id: 'head' is also on line 4: rename one of the two"),
        ("- name: a\n  id: b\n- name: c\n  id: b", "my.yaml, line 7: id: 'b' is also on line 4: change one of the two"),
        ("- name: head\n  promt: x", "line 5: unknown key 'promt': in an attribute (did you mean 'prompt'?)"),
        ("- prompt: x", "my.yaml, line 4: name: is missing"),
        ("- name: 5", "line 4: name: '5' is not text in YAML: put it in quotes"),
        ("- name: no", "'no' is not text in YAML: put it in quotes"),
        ("- name: a\n  prompt: '  '", "line 5: prompt: is empty"),
        ("- name: a\n  prompt:", "line 5: prompt: is empty"),
        ("- name: a\n  prompt: [x]", "line 5: prompt: must be text"),
        ('- name: "a\\0b"', "line 4: name: holds a control character"),
        ('- name: "a\\ud800"', "line 4: it holds half of a character"),
        ("- name: 鳥", "line 4: name: '鳥' has no letter a–z or digit to make an id of: add an 'id:'"),
        ("- name: a\n  id: A B", "line 5: id: 'A B' must be a path of slugs below its parent's, such as 'a'"),
        ("- name: a\n  id: a/b", "line 5: id: 'a/b' must be a path of slugs"),
        ("- name: a\n  children:\n    - name: b\n      id: b", "line 7: id: 'b' must be a path of slugs below its"),
        ("- name: a\n  remove: maybe", "line 5: remove: must be true or false"),
        ("- name: a\n  placebo: 1", "line 5: placebo: must be true or false"),
        ("- name: a\n  overrides: 4", "line 5: overrides: must be a mapping"),
        ("- name: a\n  overrides: {g: .nan}", "line 5: overrides: g: must be a finite number"),
        ("- name: a\n  overrides: {g: inf}", "line 5: overrides: g: must be a finite number"),
        ("- name: a\n  overrides: {g: '4'}", "line 5: overrides: g: must be a finite number"),
        ("- name: a\n  overrides: {g: true}", "line 5: overrides: g: must be a finite number"),
        ("- name: a\n  overrides: {g: [4]}", "line 5: overrides: g: must be a finite number"),
        ("- name: a\n  overrides: {[g]: 4}", "line 5: overrides: has a key that is not a plain word"),
        ("- name: a\n  overrides: {g: 4, g: 5}", "line 5: g: is given twice in overrides"),
        ("- name: a\n  question: It is red", "line 5: question: must be one yes/no question of at most 200 characters"),
        (f"- name: a\n  question: {'x' * 200}?", "line 5: question: must be one yes/no question"),
        ("- name: a\n  question: [red]", "line 5: question: must be text"),
        ("- name: a\n  name: b", "line 5: name: is given twice in an attribute"),
        ("- name: a\n  children: {name: b}", "line 5: children: must be a list"),
        ("- head", "line 4: an attribute: must be a mapping with keys"),
        ("name: a", "line 4: nodes: must be a list"),
        ("- name: &n a\n- name: *n", "line 5: alias *n: write the value out"),
        ("- &loop\n  name: a\n  children: [*loop]", "line 6: alias *loop: write the value out"),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_refused_with_its_line(nodes: str, expected: str) -> None:
    assert expected in refusal_of_nodes(nodes)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "my.yaml is empty"),
        ("# nothing", "my.yaml is empty"),
        ("- a", "line 1: the file: must be a mapping"),
        ("domain: birds\nnodes: []", "does not say 'schema: diffex.corpus/1'"),
        ("schema: diffex.corpus/2\nnodes: []", "line 1: schema: must be diffex.corpus/1"),
        ("schema: [1]", "line 1: schema: must be diffex.corpus/1"),
        ("schema: diffex.corpus/1\nnodes: []", "my.yaml has no 'domain:' at its top level"),
        (HEAD, "my.yaml has no 'nodes:' at its top level"),
        (HEAD + "nodes: []", "line 3: nodes: is empty"),
        (HEAD + "node: []", "unknown key 'node': in the file (did you mean 'nodes'?)"),
        (HEAD + "nodes: [{name: a}]\nprovenance: yes", "line 4: provenance: must be a mapping"),
        (HEAD + "nodes: [{name: a}]\nprovenance: !!python/object/apply:os.system [ls]", "line 4: provenance: must be"),
        (
            HEAD + "nodes: [{name: a}]\nprovenance: {x: !!python/name:os.system ''}",
            "line 4: provenance: the tag python/name:os.system: write the plain value",
        ),
        (HEAD + "nodes: [{name: a\n", "line 4: "),
        (
            HEAD + "nodes: [{name: a}]\n---\n",
            "line 4: expected a single document in the stream, but found another document",
        ),
        ("a: \x01", "my.yaml, line 1: the character U+0001 is not allowed in YAML"),
        ("[" * 100_000, "nested more than 100 deep"),
    ],
)
def test_a_wrong_file_is_refused(text: str, expected: str) -> None:
    assert expected in refusal(text)


def test_exponential_growth_is_refused_at_once() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    assert "alias *a0" in refusal("\n".join(lines))


def nested(levels: int) -> Corpus:
    node = Node("/".join(["a"] * levels), "a", "a")
    for level in range(levels - 1, 0, -1):
        node = Node("/".join(["a"] * level), "a", "a", children=(node,))
    return Corpus("deep", (node,))


def test_depth_is_bounded() -> None:
    assert parse_corpus(write_corpus(nested(MAX_DEPTH), {}), "x").corpus == nested(MAX_DEPTH)
    assert "children: the hierarchy has more than 32 levels" in refusal(write_corpus(nested(MAX_DEPTH + 1), {}))


def test_read_corpus_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot read the hierarchy .*none\.yaml: No such file"):
        read_corpus(tmp_path / "none.yaml")
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"schema: \xe9")
    with pytest.raises(UsageError, match=r"the hierarchy .*latin\.yaml is not UTF-8 text"):
        read_corpus(file)
    file.write_text(write_corpus(nested(2), {}), encoding="utf-8")
    assert read_corpus(file) == nested(2)


def test_the_same_value_twice_is_written_out_twice() -> None:
    shared = {"guidance": 4.0}
    corpus = Corpus("d", (Node("a", "a", "a", overrides=shared), Node("b", "b", "b", overrides=shared)))
    text = write_corpus(corpus, {"first": shared, "second": shared})
    assert "*" not in text
    assert parse_corpus(text, "x").corpus == corpus


def test_an_attribute_may_have_a_question() -> None:
    assert parse("- name: red\n  question: Is  it red?").roots[0].question == "Is it red?"


def test_an_attribute_may_say_what_it_replaces() -> None:
    head = "schema: diffex.corpus/1\ndomain: birds\nnodes:\n- name: tall crest\n  replaces: short crest\n"
    (node,) = parse_corpus(head, "x").corpus.roots
    assert (node.replaces, node.candidate.terms[0].replaces) == ("short crest", "short crest")
    with pytest.raises(UsageError, match=r"x, line 5: replaces: .*leave out 'remove: true'"):
        parse_corpus(head + "  remove: true\n", "x")


# --- property-based -----------------------------------------------------------------------------

TEXTS = (
    st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=20)
    .map(lambda text: " ".join(text.split()))
    .filter(bool)
)
OVERRIDES = st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.floats(-1e6, 1e6), max_size=2)


@st.composite
def forests(draw: st.DrawFn, parent: str = "", depth: int = 0) -> tuple[Node, ...]:
    names = draw(st.lists(TEXTS, min_size=0 if depth else 1, max_size=3 if depth < 3 else 0, unique=True))
    prefix = f"{parent}/" if parent else ""
    nodes = []
    for place, name in enumerate(names):
        id = f"{prefix}{slug(name) or 'node'}-{place}"
        remove = draw(st.booleans())
        nodes.append(
            Node(
                id, name, draw(TEXTS), remove, draw(st.booleans()), draw(OVERRIDES), draw(forests(id, depth + 1)),
                replaces="" if remove else draw(st.one_of(st.just(""), TEXTS)),
                question=draw(st.sampled_from(["", "Is it there?"])),
                group=draw(st.sampled_from(["members", "words"])),
            )
        )  # fmt: skip
    return tuple(nodes)


@settings(deadline=None, max_examples=60)
@given(roots=forests(), domain=TEXTS)
def test_what_is_written_reads_back(roots: tuple[Node, ...], domain: str) -> None:
    corpus = Corpus(domain, roots)
    document = parse_corpus(write_corpus(corpus, {"provider": "test"}), "x")
    assert document.corpus == corpus
    assert document.provenance == {"provider": "test"}


YAML_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.dates()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["schema", "domain", "nodes", "name", "id", "prompt", "remove", "overrides", "children"]),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(value=YAML_VALUES)
def test_any_yaml_is_read_or_refused_in_one_sentence(value: object) -> None:
    text = yaml.safe_dump({"schema": "diffex.corpus/1", "domain": "d", "nodes": value}, allow_unicode=True)
    corpus, message = None, ""
    try:
        corpus = parse_corpus(text, "my.yaml").corpus
    except UsageError as error:
        message = str(error)
    if corpus is None:
        assert message.startswith("my.yaml")
        return
    ids = [node.id for node in corpus.walk()]
    assert len(set(ids)) == len(ids) > 0
    assert parse_corpus(write_corpus(corpus, {}), "x").corpus == corpus


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_refused_without_a_crash(text: str) -> None:
    with pytest.raises(UsageError):
        parse_corpus(text, "my.yaml")
