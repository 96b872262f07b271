"""A verifier that is paid for each answer, through the stages: nothing is asked twice, and no limit is crossed."""

from __future__ import annotations

import dataclasses
import importlib
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pipeline import N_IMAGES, SILENT, make_corpus, settings
from typer.testing import CliRunner

from diffex_cli.artifacts.search_document import Backend
from diffex_cli.artifacts.spent import Spent, read_spent
from diffex_cli.artifacts.verifier_test import VerifierTest, write_test
from diffex_cli.commands.main import app
from diffex_cli.core.errors import DiffexError, IncompleteError, UsageError
from diffex_cli.core.progress import SilentProgress
from diffex_cli.core.settings import Settings
from diffex_cli.measure import edit, verify
from diffex_cli.measure.self_test import NONSENSE
from diffex_cli.measure.session import Session
from diffex_cli.measure.verifying import attributes_of, make_readings
from diffex_cli.search import search

KEY = "sk-secret-0123456789"
NO = {"No": math.log(0.9), "Yes": math.log(0.1)}
A_QUESTION = 0.22
"""US dollars: 200 tokens in and 20 out."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "language_models"))
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with importlib.import_module("fault_server").FaultServer() as running:
        running.script(reply(words=[NO]))
        yield running


def reply(**said: Any) -> Any:
    return importlib.import_module("fault_server").Reply(**said)


def spec(server: Any, options: str = ",price_in=1000,price_out=1000") -> str:
    return f"vlm:openai:eye:base_url={server.url}/v1,retries=0{options}"


def paid(root: Path, server: Any, tested: bool = True, **changes: Any) -> Settings:
    """The verifier's test, which costs questions too, counts as passed."""
    made = settings(root, **{"verifier": spec(server), **changes})
    if tested and made.run.exists() and (verifier := Session(made).verifier) is not None:
        who = Backend(made.verifier, verifier.fingerprint)
        write_test(made.run, VerifierTest(who, 4, 8, 8, 8, NONSENSE, 12, 0, 0.9))
    return made


def in_all(made: Settings) -> int:
    return N_IMAGES * len(attributes_of(Session(made).corpus))


def rows(made: Settings) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Session(made).run.seen_parts.read().to_pylist()
    return found


def test_every_answer_is_kept_and_nothing_is_asked_twice(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server)
    total = in_all(made)
    summary = verify.run(made, SILENT)
    assert summary.spending is not None
    assert (summary.seen, summary.cached, summary.spending.questions) == (N_IMAGES, 0, total)
    assert summary.spending.cost == pytest.approx(total * A_QUESTION)
    assert [row["probability"] for row in rows(made)] == pytest.approx([0.1] * total)
    again = verify.run(made, SILENT)
    assert again.spending is not None
    assert (again.seen, again.cached, again.spending.questions, again.spending.kept) == (0, N_IMAGES, 0, total)
    assert len(server.requests) == total == len(rows(made))
    spent = Spent(total, total * 200, total * 20, total * 70)
    assert read_spent(made.run, Session(made).verifier.fingerprint) == spent  # type: ignore[union-attr]


def test_a_limit_stops_before_it_is_crossed_and_a_higher_one_goes_on(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server, max_cost=4.0)
    total = in_all(made)
    first = verify.run(made, SILENT)
    assert first.spending is not None
    assert first.spending.cost is not None
    assert 1 < first.spending.cost <= 4.0
    assert first.spending.unanswered == total - first.spending.questions > 0
    (warning,) = first.warnings
    assert warning.startswith("--max-cost 4 was reached: what is there is kept, and the same command with a higher")
    assert len(rows(made)) == first.spending.questions == len(server.requests)
    same = verify.run(made, SILENT)  # what was paid before counts
    assert same.spending is not None
    assert (same.spending.questions, len(server.requests)) == (0, first.spending.questions)
    higher = verify.run(paid(tmp_path, server, max_cost=100.0), SILENT)
    assert higher.spending is not None
    assert (higher.spending.unanswered, higher.warnings) == (0, ())
    assert len(server.requests) == total


def test_a_limit_that_pays_for_nothing_and_prices_that_nobody_knows(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    with pytest.raises(UsageError, match=r"--max-cost 0\.1 may not pay for a single question"):
        verify.run(paid(tmp_path, server, max_cost=0.1), SILENT)
    unknown = paid(tmp_path, server, max_cost=1.0, verifier=spec(server, ""))
    with pytest.raises(UsageError, match=r"needs the prices of eye, .* to --verifier"):
        verify.run(unknown, SILENT)
    assert not server.requests


def test_a_limit_that_another_stage_was_given_needs_no_prices(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server, max_cost=1.0, verifier=spec(server, ""))
    stored = dataclasses.replace(made, origins={**made.origins, "max_cost": "run.yaml"})
    summary = verify.run(stored, SILENT)
    assert summary.spending is not None
    assert (summary.spending.cost, summary.spending.unanswered) == (None, 0)


class Interrupting(SilentProgress):
    def __init__(self) -> None:
        self.left = 2

    def advance(self, task: str, amount: int = 1) -> None:
        self.left -= 1
        if self.left == 0:
            raise KeyboardInterrupt


def test_an_interrupt_loses_nothing_that_was_paid(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server)
    # the last questions are slow, so that some are left however late the interrupt comes
    server.script(*[reply(words=[NO])] * (in_all(made) // 2), reply(words=[NO], delay=1.0))
    with pytest.raises(KeyboardInterrupt):
        verify.run(made, Interrupting())
    asked = len(server.requests)
    server.script(reply(words=[NO]))
    assert len(attributes_of(Session(made).corpus)) <= asked < in_all(made)
    assert len(rows(made)) == asked
    verify.run(made, SILENT)
    assert len(server.requests) == in_all(made)


class Notes(SilentProgress):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_a_service_that_goes_down_loses_nothing_either(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made, notes = paid(tmp_path, server), Notes()
    server.script(*[reply(words=[NO])] * 7, reply(status=500, text=f"down, {KEY}"))
    with pytest.raises(DiffexError, match="fails: HTTP 500") as caught:
        verify.run(made, notes)
    assert KEY not in str(caught.value)
    assert notes.notes == ["What has been answered so far is kept: the same command continues from there."]
    assert len(rows(made)) == 7
    server.script(reply(words=[NO]))
    server.requests.clear()
    verify.run(made, SILENT)
    assert len(server.requests) == in_all(made) - 7


def test_answers_that_cannot_be_used_are_asked_for_once(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server)
    server.script(reply(text="I see a bird.", words=[{"I": -0.1}]))
    assert verify.run(made, SILENT).seen == N_IMAGES
    assert all(math.isnan(row["probability"]) for row in rows(made))
    asked = len(server.requests)
    assert verify.run(made, SILENT).seen == 0
    assert len(server.requests) == asked


def test_a_picture_that_cannot_be_read_costs_nothing(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server)
    edit.run(made, SILENT)
    session = Session(made)
    lost = next(row for row in session.edits.values() if row.candidate == "shadow" and row.status == "ok")
    assert lost.file is not None
    (made.run / lost.file).write_bytes(b"torn")
    ids = ("shadow", "edge")
    notes = Notes()
    make_readings(session, {lost.edit: ids, lost.image: ids}, notes, "verify")
    assert len(server.requests) == len(ids)
    found = {(row["subject"], row["reason"] is None) for row in rows(made)}
    assert found == {(lost.edit, False), (lost.image, True)}
    assert "1 of 2 pictures could not be shown to the verifier" in notes.notes[0]


def test_no_more_at_a_time_than_asked_for(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server, parallel=3)
    at_once, most = [0], [0]

    def counted(request: Any) -> Any:
        at_once[0] += 1
        most[0] = max(most[0], at_once[0])
        time.sleep(0.005)
        at_once[0] -= 1
        return reply(words=[NO])

    server.next_reply = counted
    verify.run(made, SILENT)
    assert 1 < most[0] <= 3


def test_a_search_asks_what_it_needs_and_stops_at_the_limit(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    with pytest.raises(IncompleteError, match="--max-cost 4 was reached: what is there is kept"):
        search.run(paid(tmp_path, server, max_cost=4.0), SILENT)
    asked = len(server.requests)
    assert 1 < asked * A_QUESTION <= 4.0
    made = paid(tmp_path, server)
    plan = search.plan(made)
    assert plan.questions is not None
    assert len(server.requests) == asked
    summary = search.run(made, SILENT)
    assert summary.spending is not None
    assert summary.spending.questions == len(server.requests) - asked <= plan.questions.questions
    assert (summary.spending.kept, len(rows(made))) == (asked, len(server.requests))
    assert summary.spending.cost is not None
    assert plan.questions.cost is not None
    assert len(server.requests) == len({(row["subject"], row["attribute"]) for row in rows(made)})


def test_the_plan_says_what_it_would_cost_and_asks_nobody(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    made = paid(tmp_path, server)
    edit.run(made, SILENT)
    plan = verify.plan(made)
    assert plan.questions is not None
    assert plan.questions.kept == 0
    assert plan.questions.cost is not None
    assert not server.requests
    summary = verify.run(made, SILENT)
    assert summary.spending is not None
    assert summary.spending.questions == plan.questions.questions
    after = verify.plan(made).questions
    assert after is not None
    assert (after.questions, after.kept, after.cost) == (0, plan.questions.questions, 0)


def test_the_test_before_it_is_used_is_paid_for_too(tmp_path: Path, server: Any) -> None:
    server.script(reply(words=[{"No": math.log(0.99), "Yes": math.log(0.01)}]))
    make_corpus(tmp_path)
    made = paid(tmp_path, server, tested=False)
    summary = verify.run(made, SILENT)
    assert summary.test == "undecided", "a verifier that sees nothing may be right"
    asked = len(server.requests)
    assert asked > len(rows(made)) == in_all(made)
    assert summary.spending is not None
    assert summary.spending.questions == asked
    fingerprint = Session(made).verifier.fingerprint  # type: ignore[union-attr]
    assert read_spent(made.run, fingerprint).questions == asked


def test_on_the_command_line(tmp_path: Path, server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    make_corpus(tmp_path)
    paid(tmp_path, server)
    monkeypatch.chdir(tmp_path)
    verifier = ("--run", "run", "--verifier", spec(server), "--editor", "tint:")

    def diffex(*arguments: str) -> Any:
        return CliRunner().invoke(app, [*arguments, *verifier])

    dry = diffex("verify", "--dry-run")
    assert "questions to a language model (0 more are answered already)" in dry.stdout
    assert json.loads(diffex("verify", "--dry-run", "--json").stdout)["questions"]["cost"] > 0
    stopped = diffex("verify", "--max-cost", "4")
    assert stopped.exit_code == 0, stopped.stderr
    assert "left open" in stopped.stdout
    assert "--max-cost 4 was reached" in " ".join(stopped.stderr.split())
    assert diffex("search", "--max-cost", "4").exit_code == 3
    dry = diffex("search", "--dry-run", "--max-cost", "100000")
    assert "questions to a language model" in dry.stdout
    found = diffex("search", "--max-cost", "100000")
    assert found.exit_code == 0, found.stderr
    assert "questions answered" in found.stdout
    for file in (tmp_path / "run").rglob("*"):
        assert not file.is_file() or KEY.encode() not in file.read_bytes(), file
    assert all(KEY not in text for text in (dry.output, stopped.output, found.output))


def test_the_writer_of_the_corpus_is_refused(tmp_path: Path, server: Any) -> None:
    make_corpus(tmp_path)
    file = tmp_path / "run" / "corpus.yaml"
    file.write_text(file.read_text().replace("provider: file", "provider: file\n    model: eye"))
    with pytest.raises(UsageError, match=r"is the language model that wrote the corpus, eye, .*writer=yes"):
        verify.run(paid(tmp_path, server), SILENT)
    with pytest.raises(UsageError, match="wrote the corpus"):
        search.plan(paid(tmp_path, server))
    assert not server.requests
    assert verify.run(paid(tmp_path, server, verifier=spec(server, ",writer=yes")), SILENT).seen == N_IMAGES


def test_the_classifier_is_refused(tmp_path: Path) -> None:
    make_corpus(tmp_path)
    same = "python:colour_classifier:logits"
    with pytest.raises(UsageError, match=f"the verifier {same} is the classifier that is explained"):
        verify.run(settings(tmp_path, verifier=same), SILENT)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"schema": "x"}', '{"schema": "diffex.spent/1", "verifiers": 3}'])
def test_a_torn_note_of_what_was_paid_counts_as_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "seen").mkdir()
    (tmp_path / "seen" / "spent.json").write_text(content)
    assert read_spent(tmp_path, "f") == Spent()
