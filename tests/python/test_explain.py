"""``explain`` finds what the command finds, whatever form its inputs have, and says what is wrong with one."""

import inspect
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import colour_classifier
import numpy as np
import pytest
import yaml
from PIL import Image
from pipeline import HIERARCHY, N_IMAGES, make_inputs, texts
from typer.testing import CliRunner

from diffex_cli import Corpus, DiffexError, Explanation, Node, UsageError, explain
from diffex_cli.artifacts.run import RunDirectory
from diffex_cli.classifiers.backends.python import PythonClassifier
from diffex_cli.commands.main import app
from diffex_cli.core.registry import parse_spec
from diffex_cli.core.settings import FIELDS, Settings
from diffex_cli.editors.tint import TintEditor
from diffex_cli.python.explain import Options

CLASSIFIER = "python:colour_classifier:logits"
NESTED = {"surface": {"rough": ["very rough", "a little rough"], "smooth": []}, "edge": ["sharp"], "shadow": None}


@pytest.fixture(autouse=True)
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    Path("boxes.csv").write_text("image,x0,y0,x1,y1\n" + "".join(f"{n}.png,2,2,18,12\n" for n in range(N_IMAGES)))


def explained(**changes: Any) -> Explanation:
    values: dict[str, Any] = {
        "pictures": "pictures",
        "classifier": CLASSIFIER,
        "corpus": "hierarchy.yaml",
        "editor": "tint:",
        "target": "red",
        "beam": 2,
        "delta": 0.05,
    }
    return explain(**(values | changes))


def diffex(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout


def searched(run: Path) -> str:
    """``search.yaml`` without its provenance, which tells the time and the folders."""
    text = (run / "search.yaml").read_text()
    return re.sub(r"^provenance:\n(?:[ -].*\n)+", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"joint": 2, "holdout": "on"},
        {"racing": True, "seed": 3, "n_images": 4},
        {"scale": "prob", "direction": "both", "max_depth": 1},
        {"target": "all", "algorithm": "exhaustive"},
        {"screen": "tint:strength=0.2"},
        {"region": "boxes:boxes.csv", "feather": 2},
    ],
    ids=lambda options: "-".join(options) or "plain",
)
def test_it_finds_what_the_command_finds(options: dict[str, Any]) -> None:
    found = explained(**options)
    flags: list[str] = []
    for name, value in {"target": "red", "beam": 2, "delta": 0.05, **options}.items():
        flag = f"--{name.replace('_', '-')}"
        flags += [flag] if value is True else [flag, str(value)]
    n = flags.index("--n-images") if "--n-images" in flags else len(flags)
    images, flags = flags[n : n + 2], flags[:n] + flags[n + 2 :]
    seed = ["--seed", "3"] if "seed" in options else []
    diffex("corpus", "--domain", "shapes", "--corpus-file", "hierarchy.yaml", "--images", "pictures", *images, *seed)
    told = diffex("search", "--editor", "tint:", "--classifier", CLASSIFIER, *flags)
    by_command = RunDirectory(Path("diffex-run"))
    assert texts(found.ranking) == texts(by_command.ranking())
    assert searched(found.run) == searched(by_command.path)
    assert searched(found.run).startswith("schema: diffex.search/1\nid: ")
    for sentence in found.sentences:
        assert " ".join(sentence.split()) in " ".join(told.split())


def test_objects_find_what_their_specs_find() -> None:
    by_spec = explained()
    classifier, editor = PythonClassifier(parse_spec(CLASSIFIER)), TintEditor(parse_spec("tint:"))
    by_object = explained(classifier=classifier, editor=editor)
    assert texts(by_object.ranking) == texts(by_spec.ranking)
    names = yaml.safe_load(searched(by_object.run))
    assert names["classifier"] == {
        "spec": "object:diffex_cli.classifiers.backends.python.PythonClassifier",
        "fingerprint": classifier.fingerprint,
    }
    assert names["editor"] == {"spec": "object:diffex_cli.editors.tint.TintEditor", "fingerprint": editor.fingerprint}


def test_a_function_is_a_classifier() -> None:
    by_spec = explained()
    by_function = explained(classifier=colour_classifier.logits, labels=["red", "green", "blue"])
    assert texts(by_function.ranking) == texts(by_spec.ranking)
    assert by_function.settings.classifier == "object:colour_classifier.logits"
    unnamed = explained(classifier=lambda pictures: colour_classifier.logits(pictures), target="0")
    assert [row.effect for row in unnamed.ranking] == [row.effect for row in by_spec.ranking]


def test_the_meaning_of_a_functions_scores_is_declared() -> None:
    def redness(pictures: list[Image.Image]) -> Any:
        return colour_classifier.logits(pictures)[:, 0] / 10.2

    found = explained(classifier=redness, labels=["pale", "red"], kind="binary", values="probabilities")
    assert found.summary.target == "red"
    with pytest.raises(UsageError, match="a regression gives no probabilities"):
        explained(classifier=redness, kind="regression", values="probabilities")
    with pytest.raises(UsageError, match=r"kind must be one of softmax, .*, not 'binery' \(did you mean 'binary'"):
        explained(classifier=redness, kind="binery")


def test_no_score_of_a_function_is_taken_for_another_ones() -> None:
    first, second = (explained(classifier=colour_classifier.logits, target="0") for _ in range(2))
    prints = [yaml.safe_load(searched(one.run))["classifier"]["fingerprint"] for one in (first, second)]
    assert prints[0] != prints[1]


@pytest.mark.parametrize(
    "corpus",
    [
        {"domain": "shapes", "categories": NESTED},
        NESTED,
        [{"surface": [{"rough": ["very rough", "a little rough"]}, "smooth"]}, {"edge": ["sharp"]}, "shadow"],
        {"schema": "diffex.corpus/1", **yaml.safe_load(HIERARCHY)},
    ],
    ids=["the paper's", "nested", "lists", "diffex's"],
)
def test_a_hierarchy_may_be_nested(corpus: Any) -> None:
    found = explained(corpus=corpus, groups="words")
    assert {"surface", "edge", "shadow"} <= {row.candidate for row in found.ranking}
    effects = {row.candidate: row.effect for row in explained().ranking}
    assert {row.candidate: row.effect for row in found.ranking}.items() <= effects.items()


def test_a_corpus_object_is_a_hierarchy() -> None:
    by_file = explained()
    read = RunDirectory(by_file.run).corpus()
    assert texts(explained(corpus=read).ranking) == texts(by_file.ranking)
    one = explained(corpus=Corpus("shapes", (Node("edge", "edge", "edge"),)))
    assert [row.candidate for row in one.ranking] == ["edge"]


def test_pictures_may_come_in_any_form() -> None:
    files = sorted(Path("pictures").rglob("*.png"))
    by_folder = explained()
    effects = {row.candidate: row.effect for row in by_folder.ranking}
    for pictures in (
        files,
        [str(file) for file in files],
        (Image.open(file) for file in files),
        {f"picture {file.name}": Image.open(file) for file in files},
    ):
        found = explained(pictures=pictures)
        assert {row.candidate: row.effect for row in found.ranking} == pytest.approx(effects)
    assert {image.source for image in RunDirectory(found.run).images()} == {f"picture {i}.png" for i in range(5)}
    assert explained(pictures=files[0]).summary.images == 1
    assert explained(pictures=Image.open(files[0])).summary.images == 1


def test_files_of_one_name_are_told_apart() -> None:
    for folder, colour in (("a", "navy"), ("b", "olive")):
        Path(folder).mkdir()
        Image.new("RGB", (9, 9), colour).save(f"{folder}/x.png")
    found = explained(pictures=["a/x.png", "b/x.png", "pictures/0.png"])
    assert [image.source for image in RunDirectory(found.run).images()] == ["0.png", "0000 x.png", "0001 x.png"]


def test_pictures_of_any_mode_and_size_become_rgb() -> None:
    random = np.random.default_rng(1)
    full = Image.fromarray(random.integers(0, 256, (20, 30, 4), dtype=np.uint8), "RGBA")
    modes = ("RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr", "HSV", "F", "I")
    pictures = {mode: full.convert("RGB").resize((30 + i, 20)).convert(mode) for i, mode in enumerate(modes)}
    with pytest.warns(UserWarning, match="1 of 11 images had") as said:
        found = explained(pictures=pictures | {"dot": full.resize((1, 1))})
    told = sorted(str(each.message).removeprefix("1 of 11 images had ").partition(":")[0] for each in said)
    assert told == ["CMYK", "more than 8 bits a pixel", "transparency"]
    sizes = {image.source: (image.width, image.height) for image in RunDirectory(found.run).images()}
    assert sizes == {mode: (30 + i, 20) for i, mode in enumerate(modes)} | {"dot": (1, 1)}


def test_how_many_samples_a_domain_takes_says_nothing_about_own_pictures() -> None:
    pictures = {str(i): Image.new("RGB", (8, 8), (10 * i, 90, 200 - 9 * i)) for i in range(20)}
    found = explained(pictures=pictures, corpus="birds", max_depth=0, perceptual="none")
    assert found.summary.images == 20
    assert explained(pictures=pictures, corpus="birds", max_depth=0, perceptual="none", n_images=7).summary.images == 7


def test_a_domains_samples_go_by_its_name() -> None:
    found = explained(pictures="birds", n_images=3)
    assert found.summary.images == 3
    embedded = explained(pictures="birds", corpus="birds", perceptual="none", max_depth=0, n_images=3)
    assert all(image.source.startswith("birds/") for image in RunDirectory(embedded.run).images())


def test_what_is_left_out_is_warned_of() -> None:
    same = Image.new("RGB", (8, 8), "navy")
    with pytest.warns(UserWarning, match="passed over a: the same picture as b"):
        found = explained(pictures={"a": same, "b": same.copy(), "c": Image.new("RGB", (8, 8), "olive")})
    assert found.warnings == ("passed over a: the same picture as b",)
    with pytest.warns(UserWarning, match="there are only 5 images, not the 50 that n_images asks for"):
        explained(n_images=50)


def test_progress_may_be_an_object() -> None:
    class Heard(list[str]):
        def start(self, task: str, total: int) -> None:
            self.append(f"{task} of {total}")

        def advance(self, task: str, n: int = 1) -> None:
            self.append(task)

        def note(self, text: str) -> None:
            self.append(text)

    heard = Heard()
    explained(progress=heard)
    assert "images of 5" in heard
    assert heard.count("edit") > 20


def test_nothing_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    before = sorted(Path().rglob("*"))
    monkeypatch.setenv("DIFFEX_RUN", "elsewhere")
    monkeypatch.setenv("DIFFEX_MAX_DEPTH", "0")
    found = explained()
    assert max(row.depth for row in found.ranking) > 0
    assert sorted(Path().rglob("*")) == before
    assert capfd.readouterr() == ("", "")


class Settingless:
    """An editor without settings and fingerprint."""

    def edit(self, images: Any, requests: Any, seed: int) -> Any:
        yield from ()


class Unplain(PythonClassifier):
    """A classifier whose settings are no plain values."""

    settings = {"model": object()}  # type: ignore[assignment]  # noqa: RUF012


class Module:
    """What a torch module looks like."""

    def state_dict(self) -> dict[str, Any]:
        return {}

    def __call__(self, batch: Any) -> Any:
        return batch


def broken(pictures: list[Image.Image]) -> Any:
    raise RuntimeError("no such layer")


def test_the_mistakes_below_begin_from_something_right() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert explained().ranking


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pictures": "nowhere"}, "pictures: there is no folder or file nowhere"),
        ({"pictures": []}, "pictures is empty: give at least one"),
        ({"pictures": 7}, "pictures is 7: give a folder, files or PIL images"),
        ({"pictures": [np.zeros((8, 8, 3))]}, "pictures[0] is a numpy.ndarray: give the path of a file or a PIL image"),
        ({"pictures": {"a": "b.png"}}, "pictures['a']: there is no file b.png"),
        ({"pictures": [Image.new("RGB", (0, 4))]}, "pictures[0] has no pixels"),
        ({"pictures": "."}, None),
        (
            {"corpus": "brids"},
            "'brids' is neither a file nor the name of a bundled domain (did you mean 'birds'?)",
        ),
        ({"corpus": 3}, "corpus is 3: give a domain's name, a file, a Corpus, or names in lists and dictionaries"),
        ({"corpus": {"head": {1, 2}}}, "corpus must consist of texts, lists and dictionaries"),
        ({"corpus": {"head": [["crest"]]}}, "corpus: categories > head: a list may hold texts and objects, not lists"),
        ({"corpus": []}, "corpus: categories: is empty: give at least one attribute"),
        ({"corpus": Corpus("shapes", (Node("Not a slug", "x", "x"),))}, "corpus"),
        ({"classifier": "birdz:species"}, "there is no classifier 'birdz' (did you mean 'birds'?)"),
        ({"classifier": None}, "classifier is None, which lacks fingerprint, settings, labels, logits: give a spec"),
        ({"classifier": PythonClassifier}, "classifier is the class PythonClassifier: give an instance of it"),
        ({"classifier": Module()}, "classifier is a torch module, which does not say how pictures become its input"),
        ({"classifier": Unplain(parse_spec(CLASSIFIER))}, "classifier: its settings must be plain values by name"),
        ({"classifier": CLASSIFIER, "labels": ["a"]}, "labels, kind and values are for a function's scores"),
        ({"classifier": colour_classifier.logits, "labels": "abc"}, "labels must be a list of names, not 'abc'"),
        ({"classifier": colour_classifier.logits, "labels": ["a"]}, "gave 3 numbers for an image, but has 1 labels"),
        ({"classifier": broken}, "raised RuntimeError: no such layer"),
        ({"editor": "tnt:"}, "there is no editor 'tnt' (did you mean 'tint'?)"),
        (
            {"editor": Settingless()},
            "which lacks fingerprint, settings: give a spec, an object with fingerprint,",
        ),
        ({"editor": TintEditor}, "editor is the class TintEditor: give an instance of it"),
        ({"beam": 0}, "beam 0 must be at least 1"),
        ({"delta": "much"}, "delta 'much' must be a number"),
        ({"scale": "logits"}, "scale 'logits' is no scale (did you mean 'logit'?)"),
        ({"target": "rde"}, "no class 'rde' (did you mean 'red'?); target can be: red, green, blue"),
        ({"bem": 3}, "explain() has no argument 'bem' (did you mean 'beam'?); there are: target, beam"),
        ({"run": "here"}, "explain() has no argument 'run'"),
        (
            {"racing": True, "algorithm": "exhaustive"},
            "algorithm exhaustive measures everything: leave it out, or",
        ),
        ({"editor": TintEditor(parse_spec("tint:")), "screen": "fast"}, "name a cheaper editor, screen SPEC"),
        ({"verifier": lambda pictures, words: np.ones((len(pictures), len(words)))}, "go on with any_verifier, or"),
    ],
    ids=lambda value: None if isinstance(value, dict) else "",
)
def test_a_mistake_is_one_sentence_and_leaves_nothing(
    changes: dict[str, Any], sentence: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    if sentence is None:
        explained(**changes).close()
    else:
        with pytest.raises(DiffexError) as error:
            explained(**changes)
        assert sentence in str(error.value)
        assert "\n" not in str(error.value)
        assert "--" not in str(error.value)
    assert list(temporary.iterdir()) == []


def test_the_arguments_are_the_settings_of_a_search() -> None:
    parameters = inspect.signature(explain).parameters
    assert parameters["beam"].default == Settings().beam
    assert parameters["delta"].default == Settings().delta
    of_corpora = {"merge", "base_url", "depth", "breadth", "runs", "knowledge"}
    of_reviews = {"review_precision", "review_recall"}
    of_inputs = {"run", "domain", "provider", "corpus_file", "images", "trust_run", "verify_files"}
    settings = {name for name in (*parameters, *Options.__annotations__) if name in FIELDS}
    assert settings == set(FIELDS) - of_corpora - of_reviews - of_inputs


def test_importing_it_loads_no_model_library() -> None:
    code = "import sys, diffex_cli; diffex_cli.explain; print('torch' in sys.modules, 'diffusers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
