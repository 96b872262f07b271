"""Every reader of files of people: a value or a sentence, whatever is in the file."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fuzz import BOUNDED, damaged, outcome
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from diffex_cli.artifacts.corpus_yaml import read_corpus
from diffex_cli.classifiers.backends.descriptions import read_descriptions
from diffex_cli.classifiers.backends.state_dict import read_state_dict
from diffex_cli.classifiers.labels import read_labels
from diffex_cli.comparison.rules import from_file
from diffex_cli.core import domains
from diffex_cli.core.configuration import resolve
from diffex_cli.core.plain_files import read_plain_file
from diffex_cli.corpus.file import read_hierarchy
from diffex_cli.editors.folder.manifest import ListedPictures
from diffex_cli.editors.folder.names import ImageNames
from diffex_cli.language_models.kept_answers import Answers
from diffex_cli.study.answers import read_answers
from diffex_cli.study.page import read_page
from diffex_cli.study.study import read_study

CORPUS = b"""schema: diffex.corpus/1
domain: birds
provenance: {provider: file, made: 2026-01-02, temperature: 0.5}
nodes:
- name: head
  overrides: {guidance: 4.0}
  children:
  - {name: tall crest, id: head/tall-crest, share: 0.67, source: 'p. 3'}
  - {name: beak, replaces: short beak}
"""
NESTED = b'{"domain": "faces", "categories": {"hair": {"beard": ["full beard", "Balbo"], "bald": []}}}'
CONFIG = b"domain: birds\nbeam: 3\ndelta: 0.1\nseed: 7\neditor: 'tint:'\nclassifier: birds:shortcut\nn_images: 4\n"
RUN = b"schema: diffex.run/1\nsettings: {domain: birds, beam: 3, seed: 7}\nstages: {corpus: {settings: {}}}\n"
RULES = b"max:\n  collar: 0.2\n  no crest: 1\nforbid: [background, hat]\n"
CSV = b"image,node,remove,file\n0123456789abcdef,head/crest,false,1.png\n0123456789abcdef,,,0.png\n"
MANIFEST = b"- {image: 0123456789abcdef, node: head/crest, file: 1.png}\n- {image: 0123456789abcdef, file: 0.png}\n"
DESCRIPTIONS = b"template: 'a photo of {}'\nclasses:\n  owl: [eyes, night]\n  tit: small\n"
STUDY = {
    "schema": "diffex.study/1",
    "id": "0123",
    "kind": "quality",
    "domain": "birds",
    "heat": "",
    "turns": 1,
    "items": [{"id": "a", "turn": 0, "candidate": "c", "name": "n", "image": "i", "edit": "e", "options": []}],
    "provenance": {},
}
ANSWERS = {
    "schema": "diffex.answers/1",
    "study": "0123",
    "kind": "quality",
    "participant": "p",
    "rater": {"kind": "person"},
    "complete": True,
    "answers": {"a": {"realism": 3}},
}
PAGE = {
    "schema": "diffex.study-page/1",
    "study": "0123",
    "kind": "quality",
    "turns": 1,
    "items": [{"id": "a", "turn": 0, "pictures": ["p"], "words": "", "options": []}],
    "pictures": {"p": "data:image/webp;base64,AAAA"},
}
USAGE = {"input_tokens": 1, "output_tokens": 2, "cached_tokens": 0}
KEPT = {"schema": "diffex.answer/1", "usage": USAGE, "content": {}}


def configured(file: Path) -> object:
    return resolve({}, {}, file)


def recorded(file: Path) -> object:
    return resolve({"run": file.parent}, {})


def manifest(file: Path) -> object:
    return ListedPictures(file.parent, file, ImageNames(None))


def kept(file: Path) -> object:
    return Answers(file.parent).get(file.stem)


def hierarchy(file: Path) -> object:
    return read_hierarchy(file, "faces")


def plain(file: Path) -> object:
    return read_plain_file(file, "the file")


def text(content: object) -> bytes:
    return json.dumps(content).encode()


READERS: dict[str, tuple[str, bytes, Callable[[Path], Any]]] = {
    "yaml": ("a.yaml", b"a: 1\nb: [x, 'y', {c: 0.5}]\nd: >-\n  words\n  more\ne: null\n", plain),
    "json": ("a.json", b'{"a": [1, 2.5, "x\\u00e9", null, true], "b": {"c": -1e3}}', plain),
    "corpus": ("corpus.yaml", CORPUS, read_corpus),
    "nested": ("a.json", NESTED, hierarchy),
    "domain": ("corpus.yaml", CORPUS, domains.domain_of),
    "configuration": ("c.yaml", CONFIG, configured),
    "run": ("run.yaml", RUN, recorded),
    "rules": ("rules.yaml", RULES, from_file),
    "manifest, csv": ("m.csv", CSV, manifest),
    "manifest, yaml": ("m.yaml", MANIFEST, manifest),
    "labels, text": ("l.txt", "owl\ntit\nbullfinch\nmésange\n".encode(), read_labels),
    "labels, python": ("l.txt", b"{0: 'owl', 1: 'tit'}", read_labels),
    "labels, json": ("l.json", b'{"id2label": {"0": "owl", "1": "tit"}}', read_labels),
    "labels, yaml": ("l.yaml", b"names: [owl, tit, 'no']\n", read_labels),
    "descriptions": ("d.yaml", DESCRIPTIONS, read_descriptions),
    "study": ("study.json", text(STUDY), read_study),
    "answers": ("ann.json", text(ANSWERS), read_answers),
    "page": ("p.html", b'<script type="application/json" id="study">' + text(PAGE) + b"</script>", read_page),
    "kept answer": ("0.json", text(KEPT), kept),
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
@BOUNDED
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(name: str, tmp_path: Path, data: st.DataObject) -> None:
    file_name, whole, read = READERS[name]
    file = tmp_path / file_name
    file.write_bytes(data.draw(damaged(whole)))
    outcome(read, file)


@pytest.mark.parametrize("name", READERS)
def test_the_whole_file_is_read(name: str, tmp_path: Path) -> None:
    file_name, whole, read = READERS[name]
    Image.new("RGB", (2, 2)).save(tmp_path / "1.png")
    (tmp_path / file_name).write_bytes(whole)
    assert read(tmp_path / file_name) is not None


@pytest.fixture(scope="module")
def weights() -> bytes:
    import torch
    from safetensors.torch import save

    return save({"fc.weight": torch.zeros(2, 3), "fc.bias": torch.zeros(2)})


@BOUNDED
@given(data=st.data())
def test_damaged_weights_are_read_or_refused(weights: bytes, tmp_path: Path, data: st.DataObject) -> None:
    header = int.from_bytes(weights[:8], "little") + 8
    at = data.draw(st.integers(8, header - 1))
    changed = bytearray(weights)
    changed[at] ^= 1 << data.draw(st.integers(0, 7))
    file = tmp_path / "a.safetensors"
    file.write_bytes(changed if data.draw(st.booleans()) else weights[:at])
    outcome(read_state_dict, file)


@pytest.mark.parametrize("name", ["aliases", "digits", "width"])
@pytest.mark.parametrize("reader", ["yaml", "corpus", "configuration", "run", "rules", "descriptions"])
def test_a_small_file_is_never_a_long_message(name: str, reader: str, tmp_path: Path) -> None:
    levels = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 17))]
    text = {"aliases": "\n".join(levels), "digits": "seed: " + "9" * 5000, "width": "x" * 100_000 + ": 1"}[name]
    file_name, _, read = READERS[reader]
    (tmp_path / file_name).write_text(text)
    outcome(read, tmp_path / file_name)
