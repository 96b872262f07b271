"""The forms that servers and gateways give an answer, or an error, through the real SDKs."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from fault_server import FaultServer, Reply

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.language_models.base import LanguageModel, MalformedAnswer, Question, Usage

Connect = Callable[..., LanguageModel]
WANTED = {"attributes": ["beak"]}
DUMPED = json.dumps(WANTED)
NONE = "does not hold a JSON object of the wanted form "
WRONG = json.dumps({"attributes": ["wrong"]})


def completion(reason: str | None = "stop", written: int = 20, **message: Any) -> Reply:
    """What a server that imitates OpenAI's sends."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    usage = {"prompt_tokens": 200, "completion_tokens": written, "total_tokens": 220}
    return Reply(raw=json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}))


def message(reason: str, *content: dict[str, Any]) -> Reply:
    """What a server that imitates Anthropic's sends."""
    whole = {"type": "message", "role": "assistant", "model": "m", "content": content, "stop_reason": reason}
    return Reply(raw=json.dumps({**whole, "usage": {"input_tokens": 200, "output_tokens": 20}}))


def call(arguments: Any) -> dict[str, Any]:
    return {"id": "1", "type": "function", "function": {"name": "attributes", "arguments": arguments}}


@pytest.mark.parametrize(
    "said",
    [
        {"content": [{"type": "text", "text": DUMPED[:9]}, {"type": "output_text", "text": DUMPED[9:]}]},
        {"content": [{"type": "thinking", "thinking": [{"text": WRONG}]}, {"type": "text", "text": DUMPED}]},
        {"content": ["Here: ", DUMPED]},
        {"content": [{"type": "text", "text": {"value": DUMPED}}]},
        {"content": WANTED},
        {"content": None, "reasoning_content": f"It has a beak.\n{DUMPED}"},
        {"content": " \n", "reasoning": f"{WRONG}, or rather {DUMPED}"},
        {"content": "<think>\n\n</think>\n", "reasoning_content": DUMPED},
        {"content": DUMPED, "reasoning_content": WRONG},
        {"content": None, "tool_calls": [call(DUMPED)], "reasoning_content": WRONG},
        {"content": "I call the function.", "tool_calls": [call(WANTED)]},
        {"content": "", "function_call": {"name": "attributes", "arguments": DUMPED}},
    ],
)  # fmt: skip
def test_wherever_the_answer_stands(
    said: dict[str, Any], server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(completion(**said))
    answer = connect("openai", server.url).ask(question)
    assert answer.content == WANTED
    assert answer.usage == Usage(200, 20)


@pytest.mark.parametrize(
    ("said", "reason", "words"),
    [
        ({"content": "", "reasoning_content": WRONG}, "length", "broke off after 20 of 50 tokens: allow longer"),
        ({"content": "I see.", "reasoning_content": WRONG}, "stop", f"{NONE}(it begins 'I see.')"),
        ({"content": None, "reasoning_content": "I see."}, "stop", f"{NONE}(it begins 'I see.')"),
        ({"content": None}, "tool_calls", "(it is empty)"),
        ({"content": DUMPED[:-3]}, "stop", "stops in the middle of its JSON object, though not at the limit of 50"),
        ({"content": DUMPED[:-3]}, None, "stops in the middle of its JSON object"),
        ({"content": DUMPED[:-3]}, "MAX_TOKENS", "broke off"),
    ],
)  # fmt: skip
def test_what_is_no_answer(
    said: dict[str, Any], reason: str | None, words: str, server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(completion(reason, **said))
    with pytest.raises(MalformedAnswer) as caught:
        connect("openai", server.url, max_tokens=50).ask(question)
    assert words in str(caught.value)
    assert ("broke off" in str(caught.value)) == (reason in ("length", "MAX_TOKENS"))


def test_a_server_that_does_not_say_why_it_stopped(server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(completion(None, written=50, content=DUMPED[:-3]))
    with pytest.raises(MalformedAnswer, match="broke off after 50 of 50 tokens"):
        connect("openai", server.url, max_tokens=50).ask(question)


def test_forms_of_anthropics_protocol(server: FaultServer, connect: Connect, question: Question) -> None:
    model = connect("anthropic", server.url)
    server.script(
        message("tool_use", {"type": "tool_use", "id": "1", "name": "attributes", "input": WANTED}),
        message("end_turn", {"type": "thinking", "thinking": DUMPED, "signature": ""}),
    )
    assert model.ask(question).content == model.ask(question).content == WANTED
    server.script(message("model_context_window_exceeded", {"type": "text", "text": DUMPED[:-3]}))
    with pytest.raises(
        MalformedAnswer, match=r"broke off after 20 tokens because .*: give fewer or smaller images"
    ) as caught:
        model.ask(question)
    assert "max_tokens" not in str(caught.value)


REFUSED = [
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "Unrecognized request argument supplied: max_tokens",
    "max_tokens: Extra inputs are not permitted",
    "this model doesn't support max_tokens",
]


@pytest.mark.parametrize("said", REFUSED)
def test_the_limits_other_name(said: str, server: FaultServer, connect: Connect, question: Question) -> None:
    server.script(Reply(400, said, code="unsupported_parameter"), Reply())
    model = connect("openai", server.url, max_tokens=77)
    assert model.ask(question).content == model.ask(question).content == WANTED
    limits = [{key: value for key, value in r.body.items() if key.startswith("max_")} for r in server.requests]
    assert limits == [{"max_tokens": 77}, {"max_completion_tokens": 77}, {"max_completion_tokens": 77}]


def test_a_limit_that_is_refused_by_either_name_or_for_its_value(
    server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(Reply(400, "Unknown parameter: max_tokens"), Reply(400, "Unknown parameter: max_completion_tokens"))
    with pytest.raises(UsageError, match=r"HTTP 400 \(Unknown parameter: max_completion_tokens\): change the model"):
        connect("openai", server.url).ask(question)
    assert len(server.requests) == 2
    server.script(Reply(400, "max_tokens is too large: 99999. The model takes at most 4096."))
    with pytest.raises(UsageError, match="max_tokens is too large"):
        connect("openai", server.url).ask(question)
    assert len(server.requests) == 3


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    "refusal",
    [
        Reply(400, "This model does not support structured outputs."),
        Reply(404, "No endpoints found that support structured output"),
        Reply(raw=json.dumps({"error": {"message": "JSON mode is not available for this model", "code": 400}})),
    ],
)
def test_structured_outputs_turned_down(
    provider: str, refusal: Reply, server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(refusal, Reply())
    assert connect(provider, server.url).ask(question).content == WANTED
    assert [bool(r.body.get("response_format") or r.body.get("output_config")) for r in server.requests] == [
        True,
        False,
    ]


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"error": {"message": "The model has crashed.\nSorry"}}, DiffexError,
         "with an error (The model has crashed. Sorry): change the model or its options in --provider, or run"),
        ({"error": "out of memory"}, DiffexError, "with an error (out of memory): change the model"),
        ({"message": "no such adapter", "object": "error"}, DiffexError, "with an error (no such adapter): change"),
        ({"detail": [{"msg": "field required"}]}, DiffexError, "with an error (field required): change"),
        ({"error": {"message": "Provider down", "code": 502}}, DiffexError, "fails: HTTP 502 when asked once (Provid"),
        ({"error": {"message": "no", "code": "401"}}, UsageError, "does not accept the key in "),
        ({"choices": [], "content": None}, DiffexError, "an answer that cannot be read"),
    ],
)  # fmt: skip
def test_an_error_that_calls_itself_a_success(
    provider: str, body: object, kind: type, words: str, server: FaultServer, connect: Connect, question: Question
) -> None:
    server.script(Reply(raw=json.dumps(body)))
    with pytest.raises(DiffexError) as caught:
        connect(provider, server.url).ask(question)
    assert words in str(caught.value)
    assert type(caught.value) is kind
    assert len(server.requests) == 1


def test_an_error_within_a_choice(server: FaultServer, connect: Connect, question: Question) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "error"}
    server.script(Reply(raw=json.dumps({"choices": [{**choice, "error": {"message": "Upstream broke"}}]})))
    with pytest.raises(DiffexError, match=r"with an error \(Upstream broke\)"):
        connect("openai", server.url).ask(question)


@pytest.mark.parametrize("provider", ["anthropic", "openai"])
@pytest.mark.parametrize(
    ("key", "what"),
    [
        ("sk-made-up-0123\n", "a line break"),
        ("sk-made-up-0123\r\n", "a line break"),
        ("sk-made-up 0123", "a blank"),
        (" sk-made-up-0123", "a blank"),
        ("sk-made-up-0123\u00a0", "a blank"),
        ("sk-made\u2013up-0123", "a character that is no ASCII letter, digit or sign"),
    ],
)
def test_a_key_that_no_header_can_hold(
    provider: str, key: str, what: str, server: FaultServer, connect: Connect, question: Question,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    variable = f"{provider.upper()}_API_KEY"
    monkeypatch.setenv(variable, key)
    with pytest.raises(UsageError) as caught:
        connect(provider, server.url).ask(question)
    assert f"the environment variable {variable} holds {what}, which no key has: set it again" in str(caught.value)
    assert "made" not in str(caught.value)
    assert not server.requests


def test_what_else_goes_into_headers(
    server: FaultServer, connect: Connect, question: Question, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1\n")
    with pytest.raises(UsageError, match="the environment variable OPENAI_ORG_ID holds a line break"):
        connect("openai", server.url).ask(question)
