"""What goes over the wire to each provider, and what comes back when all is well."""

import base64
import dataclasses
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from fault_server import SCHEMA, FaultServer, Reply

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.language_models import openai as openai_module
from diffex_cli.language_models.base import Answer, LanguageModel, MalformedAnswer, Question, RefusedAnswer, Usage
from diffex_cli.language_models.openai import OpenAIModel

Connect = Callable[..., LanguageModel]
ANSWER = Answer({"attributes": ["beak"]}, Usage(200, 20, 70))
CORRECTIONS = (("{}", "'attributes' is missing"), (" ", "that was empty"))
TURNS = [
    {"role": "assistant", "content": [{"type": "text", "text": "{}"}]},
    {"role": "user", "content": [{"type": "text", "text": "'attributes' is missing"}]},
    {"role": "assistant", "content": [{"type": "text", "text": "(no answer)"}]},
    {"role": "user", "content": [{"type": "text", "text": "that was empty"}]},
]


def test_anthropic(server: FaultServer, connect: Connect, question: Question) -> None:
    model = connect("anthropic", server.url, effort="low")
    assert model.ask(dataclasses.replace(question, corrections=CORRECTIONS)) == ANSWER
    (request,) = server.requests
    assert request.path == "/v1/messages"
    assert request.headers["authorization"] == "Bearer sk-ant-secret-0123456789"
    body = request.body
    assert body["model"] == "claude-opus-5-5"
    assert body["max_tokens"] == 1000 + 8192
    assert not body.get("stream")
    # The newer models turn a forced tool, and any temperature, down.
    assert body.keys() == {"model", "max_tokens", "system", "messages", "output_config"}
    assert body["system"] == [{"type": "text", "text": "Name attributes.", "cache_control": {"type": "ephemeral"}}]
    assert body["output_config"]["effort"] == "low"
    assert body["output_config"]["format"]["type"] == "json_schema"
    attributes = body["output_config"]["format"]["schema"]["properties"]["attributes"]
    assert "minItems" not in attributes  # the service knows no such limit
    picture, text = body["messages"][0]["content"]
    assert base64.b64decode(picture["source"]["data"]) == question.pictures[0].data
    assert (picture["source"]["media_type"], picture["cache_control"]) == ("image/png", {"type": "ephemeral"})
    assert text == {"type": "text", "text": "Name those of the head."}
    assert body["messages"][1:] == TURNS


def test_anthropic_streams_long_answers(server: FaultServer, connect: Connect, question: Question) -> None:
    model = connect("anthropic", server.url, max_tokens=50_000)
    assert model.ask(question) == ANSWER
    assert server.requests[0].body["stream"] is True
    server.script(Reply(text='{"attributes": ["be', stop="max_tokens"))
    with pytest.raises(MalformedAnswer, match="broke off after 20 of 50000 tokens"):
        model.ask(question)
    server.script(Reply(broken_stream=True))
    with pytest.raises(DiffexError, match=r"broke off in the middle of its answer \(Overloaded\)"):
        model.ask(question)


def test_openai(server: FaultServer, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_module, "_ADDRESS", f"{server.url}/v1")
    model = OpenAIModel(parse_spec("openai:effort=low"))
    assert model.ask(dataclasses.replace(question, corrections=CORRECTIONS)) == ANSWER
    (request,) = server.requests
    assert request.path == "/v1/chat/completions"
    assert request.headers["authorization"] == "Bearer sk-secret-0123456789"
    body = request.body
    assert body["model"] == openai_module.DEFAULT_MODEL
    assert body["max_completion_tokens"] == 1000 + 8192
    assert body["reasoning_effort"] == "low"
    assert not {"max_tokens", "temperature"} & body.keys()
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "attributes", "schema": SCHEMA, "strict": True},
    }
    assert body["messages"][0] == {"role": "system", "content": "Name attributes."}
    picture, text = body["messages"][1]["content"]
    address = picture["image_url"]["url"]
    assert address.startswith("data:image/png;base64,")
    assert base64.b64decode(address.partition(",")[2]) == question.pictures[0].data
    assert text == {"type": "text", "text": "Name those of the head."}
    assert body["messages"][2:] == TURNS


def test_openai_is_strict_only_where_the_schema_is(server: FaultServer, connect: Connect, question: Question) -> None:
    item = {"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": False}
    loose = {**SCHEMA, "properties": {"attributes": {"type": "array", "items": item}}}
    connect("openai", server.url).ask(dataclasses.replace(question, schema=loose))
    assert server.requests[0].body["response_format"]["json_schema"]["strict"] is False


def test_own_server(server: FaultServer, connect: Connect, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    server.script(Reply(uncounted=True))
    answer = connect("openai", server.url, temperature=0).ask(question)
    assert answer == Answer({"attributes": ["beak"]}, Usage(0, 0))
    (request,) = server.requests
    assert request.headers["authorization"] == "Bearer none"
    assert request.body["model"] == "qwen2.5vl:7b"
    # Not all servers know the limit's new name, nor hold an answer to a schema that they take.
    assert request.body["max_tokens"] == 1000
    assert "max_completion_tokens" not in request.body
    assert request.body["temperature"] == 0
    assert json.dumps(SCHEMA) in request.body["messages"][0]["content"]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_falls_back_to_words_where_a_schema_is_turned_down(
    provider: str, server: FaultServer, connect: Connect, question: Question
) -> None:
    server.schemas_known = False
    server.script(Reply(text='Here you are:\n```json\n{"attributes": ["beak"]}\n```'))
    model = connect(provider, server.url)
    assert model.ask(question) == ANSWER
    assert model.ask(question) == ANSWER
    assert ["response_format" in r.body or "output_config" in r.body for r in server.requests] == [True, False, False]
    assert json.dumps(SCHEMA) in json.dumps(server.requests[2].body).replace('\\"', '"')


def test_openai_content_filters(server: FaultServer, connect: Connect, question: Question) -> None:
    model = connect("openai", server.url)
    server.script(Reply(stop="filtered", text=""))
    with pytest.raises(RefusedAnswer, match="declines to answer"):
        model.ask(question)
    server.script(Reply(400, "filtered", code="content_filter"))
    with pytest.raises(RefusedAnswer, match="declines to answer"):
        model.ask(question)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
def test_many_threads_ask_at_once(provider: str, server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(*[Reply(text=json.dumps({"attributes": [f"{index}"]}), delay=0.05) for index in range(24)])
    model = connect(provider, server.url)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.ask(question), range(24)))
    assert sorted(int(answer.content["attributes"][0]) for answer in answers) == list(range(24))


@pytest.mark.parametrize(("name", "rest"), [("anthropic", ""), ("openai", ""), ("openai", ":gpt-5.5")])
def test_no_key(name: str, rest: str, question: Question, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffex_cli.language_models.anthropic import AnthropicModel

    monkeypatch.setenv(f"{name.upper()}_API_KEY", "")
    kind = AnthropicModel if name == "anthropic" else OpenAIModel
    with pytest.raises(UsageError, match=f"needs a key: set the environment variable {name.upper()}_API_KEY"):
        kind(parse_spec(name + rest)).ask(question)
