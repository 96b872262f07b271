"""What may stand after a provider's name, what it costs, and what a question would take."""

import pytest

from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import Spec, parse_spec
from diffex_cli.language_models import anthropic as anthropic_module
from diffex_cli.language_models import openai as openai_module
from diffex_cli.language_models.anthropic import AnthropicModel
from diffex_cli.language_models.base import Prices, Question, Usage
from diffex_cli.language_models.costs import list_prices
from diffex_cli.language_models.openai import OpenAIModel


def test_default_models_are_known_to_the_sdks() -> None:
    from typing import get_args

    from anthropic.types import Model
    from openai.types import ChatModel

    assert anthropic_module.DEFAULT_MODEL in get_args(get_args(Model)[0])
    assert openai_module.DEFAULT_MODEL in get_args(ChatModel)
    assert list_prices("anthropic", anthropic_module.DEFAULT_MODEL) is not None
    assert list_prices("openai", openai_module.DEFAULT_MODEL) is not None


def test_settings_and_fingerprint() -> None:
    plain = AnthropicModel(parse_spec("anthropic"))
    assert plain.settings == {"provider": "anthropic", "model": anthropic_module.DEFAULT_MODEL}
    tuned = AnthropicModel(parse_spec("anthropic:claude-haiku-4-5:effort=low,max_tokens=99,timeout=5,retries=0"))
    assert tuned.settings == {
        "provider": "anthropic", "model": "claude-haiku-4-5", "effort": "low", "max_tokens": 99,
    }  # fmt: skip
    assert plain.fingerprint != tuned.fingerprint
    # Neither patience nor price can change an answer.
    assert AnthropicModel(parse_spec("anthropic:timeout=9,price_in=1,price_out=2")).fingerprint == plain.fingerprint
    gpt = OpenAIModel(parse_spec("openai"))
    assert gpt.settings == {"provider": "openai", "model": openai_module.DEFAULT_MODEL}
    local = OpenAIModel(parse_spec("openai:qwen2.5vl:7b:temperature=0.5,base_url=http://localhost:11434/v1/"))
    assert local.settings == {
        "provider": "openai", "model": "qwen2.5vl:7b", "temperature": 0.5, "base_url": "http://localhost:11434/v1",
    }  # fmt: skip


def test_the_address_may_come_as_an_option_or_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    by_option = OpenAIModel(Spec("openai:m", "openai", "m", {"base_url": "http://h:1/v1"}))
    monkeypatch.setenv("OPENAI_BASE_URL", "http://h:1/v1")
    assert OpenAIModel(parse_spec("openai:m")).fingerprint == by_option.fingerprint


@pytest.mark.parametrize(
    ("provider", "rest", "words"),
    [
        ("anthropic", ":effrot=low", "unknown option 'effrot' (did you mean 'effort'?)"),
        ("anthropic", ":effort=huge", "effort must be one of none, minimal, low, medium, high, xhigh, max, not 'huge'"),
        ("anthropic", ":max_tokens=0", "max_tokens must be a whole number of at least 1, not '0'"),
        ("anthropic", ":max_tokens=1e3", "max_tokens must be a whole number"),
        ("anthropic", ":timeout=0", "timeout must be a number above 0, not '0'"),
        ("anthropic", ":timeout=nan", "timeout must be a number"),
        ("anthropic", ":retries=-1", "retries must be a whole number from 0 to 100"),
        ("anthropic", ":price_in=-1", "price_in must be a number of at least 0, not '-1'"),
        ("anthropic", ":my-model:price_in=1", "give both price_in and price_out"),
        ("anthropic", ":temperature=1", "unknown option 'temperature'"),
        ("openai", ":m:base_url=localhost:11434", "must be an address like http://localhost:11434/v1"),
        ("openai", ":m:base_url=http://h:99999/v1", "must be an address like"),
        (
            "openai",
            ":m:base_url=http://me:secret@h/v1",
            "must not hold a user name or password: keep it",
        ),
        (
            "openai",
            ":m:base_url=http://h/v1?key=secret",
            "must not hold a key, token or password: keep it",
        ),
        ("openai", ":m:base_url=http://h/v1?secret", "must not contain a user name, password, ? or #"),
        ("openai", ":base_url=http://h/v1", "names no model"),
    ],
)
def test_bad_specs(provider: str, rest: str, words: str) -> None:
    kind = {"anthropic": AnthropicModel, "openai": OpenAIModel}[provider]
    with pytest.raises(UsageError) as caught:
        kind(parse_spec(f"{provider}{rest}"))
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_prices() -> None:
    assert list_prices("anthropic", "claude-haiku-4-5-20251001") == Prices(1.0, 5.0, 0.1)
    assert list_prices("openai", "gpt-5.4-mini-2026-03-17") == Prices(0.75, 4.5, 0.075)
    assert list_prices("openai", "qwen2.5vl:7b") is None
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5")).prices == Prices(4.0, 20.0, 0.2)
    # What a gateway or one's own server asks is not in the list.
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5:base_url=http://h")).prices is None
    assert OpenAIModel(parse_spec("openai:gpt-5.5:base_url=http://h/v1")).prices is None
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5:price_out=1")).prices == Prices(4.0, 1.0, 0.2)
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5:price_in=1")).prices == Prices(1.0, 20.0, 1.0)
    given = OpenAIModel(parse_spec("openai:m:price_in=1,price_out=2,price_cached=0,base_url=http://h/v1"))
    assert given.prices == Prices(1.0, 2.0, 0.0)


def test_cost() -> None:
    usage = Usage(1_000_000, 100_000, 400_000) + Usage(1_000_000, 0)
    assert usage == Usage(2_000_000, 100_000, 400_000)
    assert Prices(input=2.0, output=10.0, cached=0.1).cost(usage) == pytest.approx(3.2 + 0.04 + 1.0)


def test_estimate(question: Question) -> None:
    # 100 tokens of picture (750 x 100 pixels) and a token every four characters of the rest.
    haiku = AnthropicModel(parse_spec("anthropic:claude-haiku-4-5")).estimate(question)
    assert haiku.output_tokens == 250
    assert 100 + 40 < haiku.input_tokens < 100 + 100
    # Models that think may do so beyond the answer's own limit; what a user sets is for both.
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5")).estimate(question).output_tokens == (1000 + 8192) / 4
    assert AnthropicModel(parse_spec("anthropic:claude-opus-5-5:max_tokens=80")).estimate(question).output_tokens == 20
    assert OpenAIModel(parse_spec("openai")).estimate(question).output_tokens == (1000 + 8192) / 4
    assert OpenAIModel(parse_spec("openai:gpt-4.1")).estimate(question).output_tokens == 250
