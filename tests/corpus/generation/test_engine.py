import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path

import pytest
from scripted import BIRD, Scripted, answer, path_of

from diffex_cli.core.errors import DiffexError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.corpus.generation.engine import CorpusOptions, Grown, grow
from diffex_cli.language_models.asking import Asker
from diffex_cli.language_models.base import Picture, Prices, RefusedAnswer, Usage
from diffex_cli.language_models.costs import Spending
from diffex_cli.language_models.rehearsal import Estimate, Rehearsal, estimated

PICTURE = Picture("image/png", b"picture")
REFUSED = RefusedAnswer("the model declines", "no", Usage(1, 1))


def grown(model: object, asker: Asker | Path, **changes: object) -> Grown:
    wish = dataclasses.replace(CorpusOptions("birds", 3, 6, (PICTURE,)), **changes)  # type: ignore[arg-type]
    asker = Asker(asker, parallel=4) if isinstance(asker, Path) else asker
    return grow(wish, model, asker, SilentProgress())  # type: ignore[arg-type]


def counts(asker: Asker) -> tuple[int, int, int]:
    """How many questions were answered now, how many before, and how many are open."""
    found: Spending = asker.spending()
    return found.questions, found.kept, found.unanswered


def ids(result: Grown) -> list[str]:
    return [node.id for node in result.draft.corpus("birds").walk()]


def test_it_asks_level_by_level_for_what_is_below_each(tmp_path: Path) -> None:
    model, asker = Scripted(), Asker(tmp_path, parallel=4)
    result = grown(model, asker)
    assert ids(result)[:4] == ["head", "head/crest", "head/crest/tall-crest", "head/crest/short-crest"]
    assert len(ids(result)) == 14
    assert sorted(map(path_of, model.asked)) == sorted(
        [(), ("head",), ("wings",), ("background",)]
        + [(root, feature) for root, features in BIRD.items() for feature in features]
    )
    assert (*counts(asker), result.problems) == (10, 0, 0, ())


def test_pictures_are_shown_for_groups_and_features_only(tmp_path: Path) -> None:
    model = Scripted()
    grown(model, tmp_path)
    assert {len(path_of(question)) for question in model.asked if question.pictures} == {0, 1}
    assert {len(path_of(question)) for question in model.asked if not question.pictures} == {2}
    assert len({question.system for question in model.asked}) == 1, "a provider caches what is the same"


@pytest.mark.parametrize(("depth", "levels"), [(1, 1), (2, 2), (9, 3)])
def test_depth_is_the_number_of_levels(tmp_path: Path, depth: int, levels: int) -> None:
    result = grown(Scripted(), tmp_path, depth=depth)
    assert max(id.count("/") for id in ids(result)) + 1 == levels


def test_the_order_of_the_answers_does_not_matter(tmp_path: Path) -> None:
    delays = random.Random(0)
    slow = Scripted(seconds=lambda question: delays.random() / 50)
    assert grown(slow, tmp_path / "a").draft.corpus("x") == grown(Scripted(), Asker(tmp_path / "b")).draft.corpus("x")


@pytest.mark.parametrize("parallel", [1, 3])
def test_no_more_questions_at_once_than_allowed(tmp_path: Path, parallel: int) -> None:
    model = Scripted(seconds=lambda question: 0.02)
    grown(model, Asker(tmp_path, parallel=parallel))
    assert model.most_at_once == parallel


def test_an_attribute_that_is_there_already_is_not_asked_about_again(tmp_path: Path) -> None:
    tree = {"head": {"crest": {"tall crest": {}}}, "wings": {"Crests": {"tall crests": {}}, "the wing": {}}}
    model = Scripted(tree)
    assert ids(grown(model, tmp_path)) == ["head", "head/crest", "head/crest/tall-crest", "wings"]
    assert len(model.asked) == 4


def test_a_branch_that_is_refused_is_left_out_and_the_rest_kept(tmp_path: Path) -> None:
    model = Scripted(first={("head",): [REFUSED] * 3})
    asker = Asker(tmp_path, parallel=4)
    result = grown(model, asker)
    assert ids(result)[:2] == ["head", "wings"]
    assert result.problems == ("what is below head: left out, because the model declines",)
    asked = len(model.asked)
    assert counts(asker) == (asked - 3, 0, 1)
    second = Asker(tmp_path, parallel=4)
    again = grown(model, second)
    assert "head/crest/tall-crest" in ids(again)
    assert counts(second) == (3, asked - 3, 0)
    assert again.problems == ()


def test_what_was_answered_before_an_error_is_not_asked_again(tmp_path: Path) -> None:
    model = Scripted(first={("wings", "wing color"): [DiffexError("cannot be reached")]})
    with pytest.raises(DiffexError, match="cannot be reached"):
        grown(model, Asker(tmp_path, parallel=2))
    result = grown(model, tmp_path)
    assert ids(result) == ids(grown(Scripted(), tmp_path / "other"))
    answered = [path_of(question) for question in model.asked]
    assert len(answered) - len(set(answered)) == 1, "only the one that failed was asked twice"


def test_it_stops_before_the_limit_and_goes_on_with_a_higher_one(tmp_path: Path) -> None:
    """A question may cost 5346 microdollars, and costs 1100."""
    prices = Prices(1.0, 1.0, 0.1)
    model, asker = Scripted(prices=prices), Asker(tmp_path, 0.0095, 4)
    result = grown(model, asker)
    assert asker.over_budget
    cost = asker.ledger.cost
    assert cost is not None
    assert 0.0095 - 0.005346 - 0.0011 < cost <= 0.0095
    assert ids(result)[0] == "head"
    more = Asker(tmp_path, 1.0, 4)
    finished = grown(model, more)
    assert ids(finished) == ids(grown(Scripted(), tmp_path / "other"))
    assert len(model.asked) == 10
    assert more.ledger.cost == pytest.approx(0.0011 * 10 - cost)
    assert more.ledger.kept_cost == pytest.approx(cost)


def test_a_rehearsal_counts_what_a_run_would_ask(tmp_path: Path) -> None:
    bushy = {
        f"group {i}": {f"feature {i}{j}": {f"variant {i}{j}{k}": {} for k in range(3)} for j in range(3)}
        for i in range(3)
    }
    model = Scripted(bushy, prices=Prices(1.0, 1.0, 0.1))
    rehearsal = Rehearsal(model, 3)
    rehearsing = Asker(tmp_path / "answers", parallel=2, write=False)
    grown(rehearsal, rehearsing, breadth=3, pictures=())
    assert rehearsal.questions == 13
    assert rehearsal.usage == Usage(13 * 1000, 13 * 1024)
    assert rehearsal.cost == pytest.approx(13 * 2024e-6)
    assert model.asked == []
    assert not (tmp_path / "answers").exists()
    asker = Asker(tmp_path / "answers")
    grown(model, asker, breadth=3, pictures=())
    assert counts(asker) == (13, 0, 0)
    again, asker = Rehearsal(model, 3), Asker(tmp_path / "answers", write=False)
    grown(again, asker, breadth=3, pictures=())
    assert again.questions == 0
    assert asker.kept == 13
    assert estimated([rehearsal, again], 13) == Estimate(13, 13, 13 * 1000, 13 * 1024, pytest.approx(13 * 2024e-6))
    assert estimated([rehearsal, Rehearsal(Scripted(), 3)], 0).cost is None


@dataclasses.dataclass
class Quote:
    text: str
    source: str


class Guide:
    """An index of one passage, which remembers what it was asked."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    def search(self, query: str, k: int) -> Sequence[Quote]:
        self.queries.append(query)
        return [Quote("The crest\nis raised in alarm.", "guide.pdf, p. 3")][:k]


def test_passages_ground_the_questions_and_stay_with_the_attributes(tmp_path: Path) -> None:
    guide = Guide()
    model = Scripted(first={("head",): [answer({"name": "crest", "passage": 1})]})
    result = grown(model, tmp_path, knowledge=guide, depth=2)
    assert guide.queries[:2] == ["birds", "birds head"]
    assert all("[1] The crest is raised in alarm." in question.text for question in model.asked)
    assert "passage" in model.asked[0].schema["properties"]["attributes"]["items"]["required"]
    node = result.draft.corpus("birds").node("head/crest")
    assert node.source == "guide.pdf, p. 3: The crest is raised in alarm."
