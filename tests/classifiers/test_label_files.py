"""Files of labels, and of descriptions for zero-shot classes."""

from pathlib import Path

import pytest

from diffex_cli.classifiers.backends.descriptions import Described, read_descriptions
from diffex_cli.classifiers.labels import read_labels
from diffex_cli.core.errors import UsageError


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("labels.txt", "\ufeffowl\r\ngreat tit\n\n7\n"),
        ("labels.yaml", "[owl, great tit, 7]"),
        ("labels.yml", "1: great tit\n0: owl\n2: 7\n"),
        ("labels.json", '["owl", "great tit", "7"]'),
        ("config.json", '{"model_type": "vit", "id2label": {"0": "owl", "1": "great tit", "2": "7"}}'),
        ("class_to_idx.json", '{"7": 2, "great tit": 1, "owl": 0}'),
        ("class_index.json", '{"0": ["n1", "owl"], "1": ["n2", "great tit"], "2": ["n3", "7"]}'),
        ("data.yaml", "path: ../data\nnc: 3\nnames: [owl, great tit, 7]\n"),
        ("data.yaml", "train: a\nnames:\n  0: owl\n  1: great tit\n  2: 7\n"),
        ("printed.txt", "{0: 'owl',\n 1: 'great tit',\n 2: '7'}"),
    ],
)
def test_every_documented_form_of_labels(tmp_path: Path, name: str, text: str) -> None:
    assert read_labels(written(tmp_path, name, text)) == ("owl", "great tit", "7")


def test_labels_are_what_is_written(tmp_path: Path) -> None:
    """Not what YAML 1.1 makes of it: False, True, 8, 750, 1.5."""
    names = ("no", "yes", "010", "12:30", "1.50", "null", "é")
    assert read_labels(written(tmp_path, "a.yaml", "".join(f"- {name}\n" for name in names))) == names
    assert read_labels(written(tmp_path, "b.yaml", "".join(f"{i}: {name}\n" for i, name in enumerate(names)))) == names
    assert read_labels(written(tmp_path, "c.txt", "e\u0301\n")) == ("é",)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "0: a\n1: b\n0: c\n", "line 3: '0' is given twice"),
        ("a.json", '{"0": "a", "0": "b"}', "'0' is given twice"),
        ("a.yaml", "- a\n-\n", "must hold a list of names"),
        ("a.json", "[true, false]", "must hold a list of names"),
        ("a.json", '["a", ["n1", "b"]]', "must hold a list of names"),
        ("a.json", '{"a": 1, "b": 1}', "must be numbered 0, 1, … without gaps.*, not a, b"),
        ("a.json", '{"a": 1, "b": 2}', "must be numbered 0, 1, … without gaps.*, not 1, 2: number them anew"),
        ("a.txt", "\n \n", r"a\.txt is empty: write one name per line"),
        ("a.yaml", "- a\n- [b\n", r"a\.yaml is not valid YAML, line 3"),
        ("a.yaml", "1: a\n2: b\n", "must be numbered 0, 1, … without gaps"),
        ("a.yaml", "just text", "must hold a list of names"),
        ("a.yaml", "- [a]\n", "must hold a list of names"),
        ("a.yaml", "!!python/object/apply:os.system ['true']", "line 1: the tag python/object/apply:os.system"),
    ],
)
def test_other_files_of_labels_are_refused(tmp_path: Path, name: str, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_labels(written(tmp_path, name, text))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "a.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_labels(tmp_path / "a.txt")
    with pytest.raises(UsageError, match="is not UTF-8 text"):
        read_descriptions(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("c.txt", "cat\ndog\n", {"cat": ["a photo of a cat."], "dog": ["a photo of a dog."]}),
        ("c.yaml", "[cat, dog]", {"cat": ["a photo of a cat."], "dog": ["a photo of a dog."]}),
        ("c.yaml", "cat: a small cat\ndog: [a dog, a hound]\n", {"cat": ["a small cat"], "dog": ["a dog", "a hound"]}),
        ("c.yaml", "template: a {}!\nclasses: [cat, dog]\n", {"cat": ["a cat!"], "dog": ["a dog!"]}),
        (
            "c.json",
            '{"template": "a fundus photograph of {}", "classes": {"healthy": ["no lesion"], "ill": ["x", "y"]}}',
            {
                "healthy": ["a fundus photograph of no lesion"],
                "ill": ["a fundus photograph of x", "a fundus photograph of y"],
            },
        ),
        ("c.yaml", "classes: many\nothers: few\n", {"classes": ["many"], "others": ["few"]}),
    ],
)
def test_every_documented_form_of_descriptions(
    tmp_path: Path, name: str, text: str, expected: dict[str, list[str]]
) -> None:
    found = read_descriptions(written(tmp_path, name, text))
    assert found == tuple(Described(key, tuple(texts)) for key, texts in expected.items())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cat: a cat\n", r"names 1 class\(es\): zero-shot needs at least two"),
        ("cat: []\ndog: x\n", "class 'cat': it must hold"),
        ("cat:\ndog: x\n", "class 'cat': it must hold"),
        ("cat: ['']\ndog: x\n", "class 'cat': it must hold"),
        ("5", "it must hold a list of names, or a mapping"),
        ("template: no braces\nclasses: [a, b]\n", "template must be a text with one {} in it"),
        ("templates: x {}\nclasses: [a, b]\n", "unknown key 'templates' beside classes"),
        ("a: b: c", "not valid YAML, line 1"),
    ],
)
def test_other_files_of_descriptions_are_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_descriptions(written(tmp_path, "c.yaml", text))
