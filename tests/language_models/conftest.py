"""A server that breaks on demand, and the question that all tests ask."""

import io
from collections.abc import Callable, Iterator

import pytest
from fault_server import SCHEMA, FaultServer
from PIL import Image

from diffex_cli.core.registry import parse_spec
from diffex_cli.language_models.anthropic import AnthropicModel
from diffex_cli.language_models.base import LanguageModel, Picture, Question
from diffex_cli.language_models.openai import OpenAIModel


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def question() -> Question:
    buffer = io.BytesIO()
    Image.new("RGB", (750, 100), (10, 200, 30)).save(buffer, "PNG")
    return Question(
        system="Name attributes.",
        text="Name those of the head.",
        schema=SCHEMA,
        name="attributes",
        pictures=(Picture("image/png", buffer.getvalue()),),
        max_tokens=1000,
    )


@pytest.fixture(autouse=True)
def _keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-secret-0123456789")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-0123456789")
    for name in ("ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "ANTHROPIC_AUTH_TOKEN", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def connect() -> Callable[..., LanguageModel]:
    """Opens a provider at an address, with options."""

    def connect(provider: str, url: str, **options: object) -> LanguageModel:
        settings: dict[str, object] = {"retries": 1, **options}
        settings["base_url"] = url if provider == "anthropic" else f"{url}/v1"
        text = ",".join(f"{key}={value}" for key, value in settings.items())
        if provider == "anthropic":
            return AnthropicModel(parse_spec(f"anthropic:claude-opus-5-5:{text}"))
        return OpenAIModel(parse_spec(f"openai:qwen2.5vl:7b:{text}"))

    return connect
