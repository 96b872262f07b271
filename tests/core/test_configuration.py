from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from diffex_cli.core import domains
from diffex_cli.core.configuration import RUN_SCHEMA, resolve
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import CLASSIFIERS, CORPUS_PROVIDERS, names, parse_spec
from diffex_cli.core.settings import FIELDS

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.fixture(autouse=True)
def birds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A domain with defaults of its own, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    defaults = {"classifier": "birds:species", "editor": "ledits:birds", "beam": 9}
    monkeypatch.setattr(domains, "defaults", lambda domain: defaults)
    monkeypatch.setattr(domains, "names", lambda: ("birds",))


def write_run(folder: Path, settings: Mapping[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run.yaml").write_text(yaml.safe_dump({"schema": RUN_SCHEMA, "settings": dict(settings)}))


def test_each_layer_wins_over_the_ones_below() -> None:
    config = Path("my.yaml")
    write_run(Path("diffex-run"), {"beam": 5, "seed": 5, "target": "owl", "editor": "render:birds"})
    config.write_text("beam: 4\nseed: 4\ntarget: robin")
    env = {"DIFFEX_BEAM": "3", "DIFFEX_SEED": "3"}
    settings = resolve({"beam": 2, "seed": None}, env, config)
    assert (settings.beam, settings.origins["beam"]) == (2, "flag --beam")
    assert (settings.seed, settings.origins["seed"]) == (3, "DIFFEX_SEED")
    assert (settings.target, settings.origins["target"]) == ("robin", "my.yaml")
    assert (settings.editor, settings.origins["editor"]) == ("render:birds", "run.yaml")
    assert (settings.classifier, settings.origins["classifier"]) == ("birds:species", "domain birds")
    assert (settings.delta, settings.origins["delta"]) == (0.1, "default")
    assert set(settings.origins) == set(FIELDS)


def test_zero_is_a_value() -> None:
    Path("my.yaml").write_text("delta: 0.5\nseed: 7\nmax_depth: 3")
    settings = resolve({"delta": 0.0, "seed": 0, "max_depth": 0}, {}, Path("my.yaml"))
    assert (settings.delta, settings.seed, settings.max_depth) == (0.0, 0, 0)


def test_null_in_a_file_and_an_empty_variable_are_not_given() -> None:
    Path("my.yaml").write_text("beam: null\ntarget:")
    settings = resolve({}, {"DIFFEX_SEED": "", "DIFFEX_BEAM": "3"}, Path("my.yaml"))
    assert (settings.beam, settings.seed, settings.target) == (3, 0, None)


def test_the_run_directory_decides_which_run_file_is_read() -> None:
    write_run(Path("elsewhere"), {"beam": 7})
    assert resolve({"run": Path("elsewhere")}, {}).beam == 7
    assert resolve({}, {"DIFFEX_RUN": "elsewhere"}).beam == 7
    assert resolve({}, {}).origins["beam"] == "domain birds"


def test_a_domain_without_defaults_needs_a_classifier_when_the_stage_does() -> None:
    assert resolve({"domain": "faces"}, {}).classifier == ""
    with pytest.raises(UsageError, match=r"no default for it: give --classifier"):
        resolve({"domain": "faces"}, {}, required=("classifier",))


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("beam", 0),
        ("beam", 2.5),
        ("beam", True),
        ("beam", "many"),
        ("delta", -0.1),
        ("delta", float("nan")),
        ("delta", float("inf")),
        ("n_images", 0),
        ("seed", -1),
        ("max_depth", -1),
        ("algorithm", "beams"),
        ("target", True),
        ("target", " "),
        ("editor", ":birds"),
        ("editor", "ledits:birds:steps="),
        ("images", ["a", "b"]),
    ],
)
def test_a_bad_value_is_refused_by_file_and_key(key: str, value: object) -> None:
    Path("my.yaml").write_text(yaml.safe_dump({key: value}))
    with pytest.raises(UsageError) as caught:
        resolve({}, {}, Path("my.yaml"))
    assert str(caught.value).startswith(f"my.yaml: {key}: ")


def test_a_bad_value_is_refused_by_flag_and_variable() -> None:
    with pytest.raises(UsageError, match=r"^--n-images 0 must be at least 1"):
        resolve({"n_images": 0}, {})
    with pytest.raises(UsageError, match=r"^DIFFEX_DELTA 'x' must be a number"):
        resolve({}, {"DIFFEX_DELTA": "x"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("beem: 3", r"my.yaml: unknown key 'beem' \(did you mean 'beam'\?\); there are: run, domain"),
        ("1: 3", r"my.yaml: unknown key '1'; there are"),
        ("- beam", r"my.yaml must hold one mapping of settings"),
        ("beam: [", r"my.yaml is not valid YAML"),
    ],
)
def test_a_bad_config_file_is_refused(text: str, sentence: str) -> None:
    Path("my.yaml").write_text(text)
    with pytest.raises(UsageError, match=sentence):
        resolve({}, {}, Path("my.yaml"))


def test_a_missing_config_file_is_refused() -> None:
    with pytest.raises(UsageError, match=r"cannot read the settings in my.yaml: No such file"):
        resolve({}, {}, Path("my.yaml"))


def test_a_foreign_run_file_is_refused() -> None:
    Path("diffex-run").mkdir()
    Path("diffex-run/run.yaml").write_text("schema: other/1\n")
    with pytest.raises(UsageError, match=r"diffex-run/run.yaml is not a run file of this version"):
        resolve({}, {})


def test_an_empty_config_file_changes_nothing() -> None:
    Path("my.yaml").write_text("# only a comment\n")
    assert resolve({}, {}, Path("my.yaml")).beam == 9


def test_a_corpus_file_brings_its_provider() -> None:
    settings = resolve({"corpus_file": Path("mine.yaml")}, {})
    assert (settings.provider, settings.origins["provider"]) == ("file", "flag --corpus-file")
    write_run(Path("diffex-run"), {"provider": "bundled"})
    assert resolve({"corpus_file": Path("mine.yaml")}, {}).provider == "file"


def test_a_corpus_file_contradicts_another_provider() -> None:
    with pytest.raises(UsageError, match=r"--corpus-file .*--provider"):
        resolve({"corpus_file": Path("mine.yaml"), "provider": "bundled"}, {})


def test_a_provider_given_later_ends_the_use_of_an_earlier_corpus_file() -> None:
    write_run(Path("diffex-run"), {"provider": "file", "corpus_file": "/mine.yaml"})
    settings = resolve({"provider": "bundled"}, {})
    assert (settings.provider, settings.corpus_file) == ("bundled", None)
    write_run(Path("diffex-run"), {"provider": "bundled", "corpus_file": "/mine.yaml"})
    assert resolve({}, {}).corpus_file is None


def test_given_keeps_what_the_user_said_and_nothing_else() -> None:
    write_run(Path("diffex-run"), {"seed": 5})
    settings = resolve({"images": Path("pictures"), "n_images": 4}, {"DIFFEX_RUN": "diffex-run", "DIFFEX_BEAM": "3"})
    assert settings.given() == {"images": str(Path.cwd() / "pictures"), "n_images": 4, "seed": 5, "beam": 3}


def test_given_survives_the_way_through_the_run_file() -> None:
    first = resolve({"delta": 0.0, "target": "3", "images": Path("a"), "algorithm": "paper", "max_depth": 2}, {})
    write_run(Path("diffex-run"), first.given())
    assert resolve({}, {}).given() == first.given()


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.name)
def test_the_example_configs_are_valid_and_complete(file: Path) -> None:
    settings = resolve({}, {}, file, required=("classifier", "editor"))
    assert settings.origins["domain"] == str(file)


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.yaml")), ids=lambda file: file.name)
def test_the_example_configs_name_backends_and_options_that_exist(file: Path) -> None:
    from diffex_cli.editors.ledits.options import LeditsOptions, parse_options

    settings = resolve({}, {}, file)
    editor = parse_spec(settings.editor)
    assert editor.name == "ledits"
    parse_options(editor, LeditsOptions())
    assert parse_spec(settings.classifier).name in names(CLASSIFIERS)
    assert parse_spec(settings.provider).name in names(CORPUS_PROVIDERS)


def test_a_hierarchy_of_ones_own_brings_its_domain() -> None:
    Path("mine.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes:\n- name: edge\n")
    Path("mine.json").write_text('{"domain": "dots",\t"categories": {"edge": []}}')
    for flags, domain, origin in (
        ({"corpus_file": "mine.yaml"}, "shapes", "flag --corpus-file"),
        ({"provider": "file:mine.json"}, "dots", "flag --provider"),
        ({"corpus_file": "mine.json", "domain": "birds"}, "birds", "flag --domain"),
    ):
        settings = resolve(flags, {}, None, required=("domain",))
        assert (settings.domain, settings.origins["domain"]) == (domain, origin)
    settings = resolve({"corpus_file": "mine.yaml"}, {})
    assert (settings.classifier, settings.editor, settings.given()["domain"]) == ("", "", "shapes")
    write_run(Path("diffex-run"), {"domain": "birds"})
    assert resolve({"corpus_file": "mine.yaml"}, {}).domain == "shapes"
    assert resolve({"images": "pictures"}, {}).domain == "birds"


def test_images_are_of_no_domain_that_nobody_names() -> None:
    settings = resolve({"images": "pictures"}, {})
    assert (settings.domain, settings.classifier) == ("", "")
    assert "domain" not in settings.given()
    with pytest.raises(UsageError, match=r"nothing says what the images in pictures show: give --domain NAME"):
        resolve({"images": "pictures"}, {}, required=("domain",))
    with pytest.raises(UsageError, match=r"^nothing says which classifier to use: give --classifier"):
        resolve({"images": "pictures"}, {}, required=("classifier",))
    Path("mine.json").write_text('{"categories": {"edge": []}}')
    with pytest.raises(UsageError, match=r"^mine.json names no domain: give --domain NAME"):
        resolve({"corpus_file": "mine.json"}, {}, required=("domain",))
    with pytest.raises(UsageError, match=r"^cannot read the settings in nowhere.yaml"):
        resolve({"corpus_file": "nowhere.yaml"}, {}, required=("domain",))
    Path("diffex-run").mkdir()
    Path("diffex-run/corpus.yaml").write_text("schema: diffex.corpus/1\ndomain: shapes\nnodes:\n- name: edge\n")
    assert resolve({"images": "pictures"}, {}, required=("domain",)).domain == "shapes"


@pytest.mark.parametrize("text", ["{", "[" * 9999, "a: [", "- 1", "domain: 3", "domain: ' '", "\x00", "&a [*a]", ""])
def test_a_file_that_names_no_domain(text: str) -> None:
    Path("a.yaml").write_text(text)
    assert domains.domain_of(Path("a.yaml")) is None


def test_how_many_samples_a_domain_takes_is_not_for_other_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domains, "defaults", lambda domain: {"n_images": 16, "classifier": "birds:species"})
    assert resolve({}, {}).n_images == 16
    own = resolve({"domain": "birds", "images": "pictures"}, {})
    assert (own.n_images, own.classifier) == (None, "birds:species")
    assert resolve({"domain": "birds", "images": "pictures", "n_images": 3}, {}).n_images == 3


def test_a_name_stays_with_the_classifier_that_it_was_given_with(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("classifier: birds:species\nname: species v1\n")
    assert resolve({}, {}, config).name == "species v1"
    assert resolve({"beam": 3}, {}, config).name == "species v1"
    assert resolve({"classifier": "birds:shortcut"}, {}, config).name is None
    assert resolve({"classifier": "birds:shortcut", "name": "other"}, {}, config).name == "other"
    assert resolve({"name": "species v2"}, {}, config).name == "species v2"


@given(st.text(max_size=60))
def test_a_name_is_one_line_of_printable_characters(text: str) -> None:
    if not any(letter.isprintable() and not letter.isspace() for letter in text):
        with pytest.raises(UsageError, match=r"--name .*must not be empty"):
            resolve({"name": text}, {})
        return
    name = resolve({"name": text}, {}).name
    assert name is not None
    assert name.isprintable()
    assert name == " ".join(name.split())


def test_a_name_that_no_title_holds_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--name 'x+' must be at most 60 characters long"):
        resolve({"name": "x" * 61}, {})
