"""The bundled hierarchies of the paper's eleven domains: readable, deep, without repetitions, and with every attribute
that the paper names (its Table 1 and Table 2, its text and the captions of its figures)."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from diffex_cli.artifacts.corpus_yaml import parse_corpus, write_corpus
from diffex_cli.classifiers.backends.descriptions import read_descriptions
from diffex_cli.core import domains
from diffex_cli.core.configuration import resolve
from diffex_cli.core.hierarchy import Corpus, Node
from diffex_cli.core.registry import parse_spec
from diffex_cli.corpus.file import BundledProvider

# Separated by ";"; "|" is between the paper's own words for one thing.
PAPER: Mapping[str, str] = {
    "faces": """
        skin pigmentation; eyebrow thickness; eyeglasses; hair color; lip thickness; lip position; bangs; eye makeup;
        facial hair color; eyebrow; makeup; mustache type; teeth; lip volume; lip color; eyelash; beard type; facewear;
        headwear; beard; goatee; Balbo beard; anchor beard; full beard; mustache; makeup style; accessories; hairband;
        facial hair; smile; glasses | eyeglasses; mouth features | mouth; eye features | eyes; earlobe; nose ring""",
    "birds-photos": """
        belly color; upperparts color; wing pattern; beak color; head color; breast color; beak shape; eye color;
        throat color; wing color; crest presence | crest; feather texture""",
    "leaves": """
        base leaf color | base color | leaf base color; apex color; spots | spots presence; blight; halos;
        vein color | leaf vein color; disease presence | disease; blight size; leaf texture; spots color | spot color;
        discoloration; leaf orientation; fungus""",
    "retina": """
        exudates; cotton wool spots | soft exudates; hemorrhages; clustered exudates; glaucoma; subretinal hemorrhage;
        intraretinal hemorrhage; macular hole; hard exudates; blackened macula; retinal drusen; optic disc hemorrhage;
        cataract; microaneurysms; diabetic retinopathy""",
    "wildcats": """
        spots; black tear mark; eye shape; eye size; stripes; open eyes; nose color; fur color; mane; eye color; tongue;
        pupil size; whiskers""",
    "pets": """
        open mouth; closed mouth; eye shape; dropped ears; pointed ears; eye circumference; nose color; whiskers;
        eye color; spots; collar; mouth color; fur pattern""",
    "fashion": "hairstyle; top; bottom; neckline; V-neckline; boat neckline | classic boat neckline",
    "food": "caviar; plate decoration",
    "places": "tractor; dirt road; structure; exterior; surroundings",
    "skin-lesions": "ruler markings",
    "chest-xray": "chest drain; pacemaker",
}
REMOVED: Mapping[str, str] = {
    "faces": "smile; eyeglasses",
    "food": "caviar; plate decoration",
    "skin-lesions": "ruler markings",
    "chest-xray": "chest drain; pacemaker",
}
"""What the paper takes away."""

DOMAINS = sorted(PAPER)
CONFIGS = Path(__file__).parent.parent.parent / "configs"
SPELLINGS = {"haemorrhage": "hemorrhage", "moustache": "mustache", "colour": "color", "grey": "gray"}


@functools.cache
def read(domain: str) -> Corpus:
    return BundledProvider(parse_spec("bundled")).corpus(domain)


def normalise(words: str) -> str:
    """Lower case, American spelling, singular, one blank between words, no article in front."""
    singular = (re.sub(r"(?<=[a-z]{2})(?<!s)s$", "", word) for word in re.findall(r"[a-z0-9]+", words.lower()))
    return re.sub(r"^(a|an|the) ", "", " ".join(SPELLINGS.get(word, word) for word in singular))


def phrases(text: str) -> list[tuple[str, set[str]]]:
    """Each phrase as the paper has it, with its normalised alternatives."""
    return [(" ".join(one.split()), {normalise(word) for word in one.split("|")}) for one in text.split(";")]


def height(node: Node) -> int:
    return 1 + max(map(height, node.children), default=0)


def test_normalising_ignores_case_spelling_plural_and_article() -> None:
    assert normalise("A Moustache") == normalise("mustaches") == "mustache"
    assert normalise("an off-the-shoulder neckline") == "off the shoulder neckline"
    assert normalise("Abscess") == "abscess"


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_hierarchy_of_the_domain_is_bundled(domain: str) -> None:
    assert domain in domains.names()
    assert read(domain).domain == domain
    assert domains.samples(domain) is None
    first = domains.corpus_file(domain).read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# "), "the first line says what it is and where its terms come from"


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_reads_back_as_it_was_written(domain: str) -> None:
    corpus = read(domain)
    assert parse_corpus(write_corpus(corpus, {}), domain).corpus == corpus


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_is_large_and_three_levels_deep_everywhere(domain: str) -> None:
    corpus = read(domain)
    assert sum(not node.placebo for node in corpus.walk()) >= 60
    assert [root.name for root in corpus.roots if not root.placebo and height(root) < 3] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_repeats_nothing(domain: str) -> None:
    nodes = list(read(domain).walk())
    names = Counter(normalise(node.name) for node in nodes)
    edits = Counter((normalise(node.prompt), node.remove) for node in nodes)
    assert [name for name, count in names.items() if count > 1] == []
    assert [edit for edit, count in edits.items() if count > 1] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_its_placebos_are_measured_whatever_the_search_expands(domain: str) -> None:
    corpus = read(domain)
    placebos = [node for node in corpus.walk() if node.placebo]
    assert 2 <= len(placebos) <= 4
    assert all(node in corpus.roots and not node.children and not node.remove for node in placebos)


@pytest.mark.parametrize("domain", DOMAINS)
def test_its_prompts_are_short_phrases_that_an_editor_can_follow(domain: str) -> None:
    for node in read(domain).walk():
        for words in (node.name, node.prompt, node.replaces):
            assert len(words.split()) <= 8, f"{node.id}: {words!r} is long"
            assert not re.search(r"[.;:!?]", words), f"{node.id}: {words!r} is no phrase"
        for words in (node.prompt, node.replaces):
            negated = re.search(r"\b(no|not|without)\b", words.lower())
            assert not negated, f"{node.id}: an editor cannot negate {words!r}: remove it instead"
        assert normalise(node.replaces) != normalise(node.prompt), node.id


@pytest.mark.parametrize("domain", DOMAINS)
def test_its_overrides_mean_the_same_in_every_editor(domain: str) -> None:
    """A threshold is the share of the picture that stays; a guidance scale is each editor's own."""
    for node in read(domain).walk():
        assert node.overrides.keys() <= {"threshold"}, node.id
        assert all(0.3 <= value < 1 for value in node.overrides.values()), node.id


@pytest.mark.parametrize("domain", DOMAINS)
def test_it_has_every_attribute_that_the_paper_names(domain: str) -> None:
    known = {normalise(words) for node in read(domain).walk() if not node.placebo for words in (node.name, node.prompt)}
    assert [phrase for phrase, words in phrases(PAPER[domain]) if not words & known] == []


@pytest.mark.parametrize("domain", sorted(REMOVED))
def test_what_the_paper_takes_away_can_be_taken_away(domain: str) -> None:
    gone = {normalise(node.prompt) for node in read(domain).walk() if node.remove}
    assert [phrase for phrase, words in phrases(REMOVED[domain]) if not words & gone] == []


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_config_explains_a_classifier_of_the_domain(
    domain: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = resolve({}, {}, CONFIGS / f"{domain}.yaml", required=("classifier", "editor"))
    assert (settings.domain, settings.provider, settings.corpus_file) == (domain, "bundled", None)
    assert settings.images is not None
    assert settings.target
    classifier = parse_spec(settings.classifier)
    if classifier.name == "clip":
        described = {one.name for one in read_descriptions(CONFIGS.parent / classifier.options["labels"])}
        assert set(settings.target.split(" - ")) <= described
