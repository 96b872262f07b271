"""The verifier that asks a language model: its spec, what it shows and asks, and what becomes of the answers."""

from __future__ import annotations

import base64
import importlib
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.language_models.costs import Ledger
from diffex_cli.verifiers.asking import ask_all, in_verifier
from diffex_cli.verifiers.backends.vlm import VlmVerifier
from diffex_cli.verifiers.base import Attribute, Sight
from diffex_cli.verifiers.opened import open_verifier

RED = Attribute("red", "red", "red beak", question="Is the bird's beak red?")
CREST = Attribute("crest", "crest", "tall {crest}")
YES, NO = {"Yes": math.log(0.8), "No": math.log(0.2)}, {"no": math.log(0.9), "yes": math.log(0.1)}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "language_models"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret-0123456789")
    with importlib.import_module("fault_server").FaultServer() as running:
        yield running


def reply(**said: Any) -> Any:
    return importlib.import_module("fault_server").Reply(**said)


def opened(server: Any, options: str = "") -> VlmVerifier:
    return VlmVerifier(parse_spec(f"vlm:openai:eye:7b:base_url={server.url}/v1,retries=0{options}"))


def sight(crop: tuple[int, int, int, int] | None = None) -> Sight:
    picture = Image.new("RGB", (80, 40), (0, 0, 200))
    picture.paste((200, 0, 0), (40, 0, 60, 20))
    return Sight(picture, crop)


def shown(request: Any) -> tuple[list[Image.Image], str]:
    *pictures, text = request.body["messages"][1]["content"]
    files = [base64.b64decode(one["image_url"]["url"].partition(",")[2]) for one in pictures]
    return [Image.open(io.BytesIO(file)) for file in files], text["text"]


def test_each_attribute_is_asked_about_apart(server: Any) -> None:
    server.script(reply(words=[YES]), reply(words=[NO]), reply(words=[YES]), reply(words=[NO]))
    verifier = opened(server)
    found = np.sort(verifier.seen([sight(), sight()], [RED, CREST]).ravel())
    assert found == pytest.approx([0.1, 0.1, 0.8, 0.8])
    asked = sorted(shown(request)[1] for request in server.requests)
    assert asked == sorted(
        ["Is the bird's beak red? Answer yes or no.", "Does the picture show this: tall {crest}? Answer yes or no."] * 2
    )
    assert (verifier.costs, verifier.exclusive([RED, CREST])) == (True, ())


def test_an_answer_lands_in_its_own_place(server: Any) -> None:
    def by_question(request: Any) -> Any:
        server.requests.append(request)
        pictures, text = shown(request)
        yes = "beak" in text and np.asarray(pictures[0])[..., 0].mean() > 100
        return reply(words=[YES if yes else NO])

    server.next_reply = by_question
    dark, light = (Sight(Image.new("RGB", (8, 8), (shade, 0, 0))) for shade in (0, 255))
    found = opened(server).seen([dark, light], [CREST, RED])
    assert found == pytest.approx(np.array([[0.1, 0.1], [0.1, 0.8]]))


def test_the_whole_and_the_part_that_changed_are_shown(server: Any) -> None:
    server.script(reply(words=[YES]))
    verifier = opened(server)
    verifier.seen([sight((40, 0, 60, 20))], [RED])
    (whole, part), text = shown(server.requests[0])
    assert (whole.size, part.size) == ((80, 40), (80, 80))
    assert np.asarray(part)[..., 0].mean() > 150 > np.asarray(whole)[..., 0].mean()
    assert text.startswith("The second picture is a part of the first, enlarged. Is the bird's beak red?")
    verifier.seen([sight((0, 0, 80, 35))], [RED])
    assert len(shown(server.requests[1])[0]) == 1  # nearly all of it


def test_local_models_are_asked_like_others(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no config\.json"):
        VlmVerifier(parse_spec(f"vlm:transformers:{tmp_path}"))


def test_no_hub_is_asked_before_a_question_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert VlmVerifier(parse_spec("vlm:transformers:no-such-owner/no-such-model")).costs


def test_by_anthropics_wire_the_share_of_answers(server: Any) -> None:
    texts = [json.dumps({"answer": answer}) for answer in ("yes", "no", "yes", "yes")]
    server.script(*[reply(text=text) for text in texts])
    spec = f"vlm:anthropic:claude-haiku-4-5:base_url={server.url},retries=0,answers=4"
    assert VlmVerifier(parse_spec(spec)).seen([sight()], [RED]) == pytest.approx(0.75)
    assert {request.path for request in server.requests} == {"/v1/messages"}


def test_nonsense_is_not_known(server: Any) -> None:
    server.script(reply(text="<html>a bird</html>", words=[{"<": -0.1}]))
    assert np.isnan(opened(server).seen([sight()], [RED, CREST])).all()


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("vlm:", "names no language model: write vlm:anthropic:MODEL, vlm:openai:MODEL"),
        ("vlm:bundled", "'vlm:bundled' does not ask a language model: give vlm:anthropic:MODEL"),
        ("vlm:file:x.yaml", "does not ask a language model"),
        ("vlm:opnai:eye", "there is no corpus provider 'opnai' (did you mean 'openai'?)"),
        ("vlm:openai:eye:answers=0", "answers must be a whole number from 1 to 25, not '0'"),
        ("vlm:openai:eye:answer=3", "unknown option 'answer'"),
        ("vlm:openai:eye:writer=maybe", "writer must be true or false"),
        ("vlm:openai::base_url=http://localhost:1/v1", "names no model"),
        ("vlm:openai:eye:base_url=http://me:word@host/v1", "must not hold"),
        ("vlm:openai:eye:api_key=sk-1", "must not hold a key"),
    ],
)
def test_a_wrong_spec_is_refused(spec: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_verifier(spec)
    assert expected in str(caught.value)
    assert "word@" not in str(caught.value)


def test_the_fingerprint_is_of_all_that_changes_an_answer(server: Any) -> None:
    plain = opened(server).fingerprint
    assert plain == opened(server, ",writer=yes").fingerprint == opened(server, ",timeout=9").fingerprint
    others = {opened(server, more).fingerprint for more in (",answers=5", ",temperature=0.5", ",effort=low")}
    assert len(others | {plain}) == 4
    assert not server.requests


def test_errors_name_what_was_given(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script(reply(status=404, text="no such model"))
    verifier = open_verifier(f"vlm:openai:eye:base_url={server.url}/v1,retries=0")
    assert verifier is not None
    with pytest.raises(UsageError, match=r"name another with --verifier vlm:openai:MODEL"):
        verifier.seen([sight()], [RED])
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    without = open_verifier("vlm:anthropic")
    assert without is not None
    with pytest.raises(UsageError, match="the language model 'anthropic' needs a key: set the environment variable"):
        without.seen([sight()], [RED])
    assert in_verifier("correct --provider") == "correct --verifier"


def test_upon_an_error_what_was_answered_is_heard(server: Any) -> None:
    server.script(*[reply(words=[YES])] * 3, reply(status=500, text="down"))
    verifier = opened(server)
    questions = {(row, 0): verifier.questions(sight(), [RED])[0] for row in range(12)}
    heard: dict[Any, float] = {}
    with pytest.raises(DiffexError, match="fails: HTTP 500"):
        ask_all(verifier.yes_no, questions, Ledger(), 3, heard.__setitem__)
    assert len(heard) == 3
    assert len(server.requests) <= 3 + 3  # those under way were finished, and no more begun
