import pytest
import torch

from diffex_cli.core.errors import UsageError
from diffex_cli.core.machine import parse_devices


@pytest.mark.parametrize(
    ("text", "devices"),
    [
        ("auto", ("auto",)),
        ("cpu", ("cpu",)),
        ("cuda:0, cuda:2", ("cuda:0", "cuda:2")),
        ("cpu,cpu", ("cpu", "cpu")),
    ],
)
def test_one_device_or_several(text: str, devices: tuple[str, ...]) -> None:
    assert parse_devices(text) == devices


def test_all_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert parse_devices("cuda:all") == ("cuda:0", "cuda:1", "cuda:2")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    with pytest.raises(UsageError, match="cuda:all finds no CUDA device here: use auto or cpu"):
        parse_devices("cuda:all")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [("", "has an empty name"), ("cuda:0,", "has an empty name"), ("auto,cpu", "names auto beside others")],
)
def test_what_names_no_devices(text: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        parse_devices(text)
