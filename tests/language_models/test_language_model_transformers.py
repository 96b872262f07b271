"""A tiny vision-language model that runs here: with random weights, and with some training."""

import dataclasses
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from diffex_cli.core.errors import DiffexError, UsageError
from diffex_cli.core.registry import parse_spec
from diffex_cli.language_models.base import Answer, MalformedAnswer, Prices, Question, Usage
from diffex_cli.language_models.transformers import TransformersModel

WRITTEN = 'Here:\n```json\n{"attributes": ["beak"]}\n```'
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}:{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{{ '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def _processor() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlavaProcessor, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    # One token a byte; the last one is a whole answer.
    words = ["<s>", "</s>", "<pad>", "<image>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    words.append(WRITTEN.replace(" ", "Ġ").replace("\n", "Ċ"))
    tokenizer = Tokenizer(models.BPE(vocab={word: index for index, word in enumerate(words)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        additional_special_tokens=["<image>"],
    )  # fmt: skip
    return LlavaProcessor(
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}),
        tokenizer=fast, patch_size=14, vision_feature_select_strategy="default", num_additional_image_tokens=1,
        chat_template=TEMPLATE,
    )  # fmt: skip


def _model(n_words: int) -> Any:
    import torch
    from transformers import CLIPVisionConfig, LlamaConfig, LlavaConfig, LlavaForConditionalGeneration

    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        hidden_size=32, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=28, patch_size=14,
        projection_dim=32,
    )  # fmt: skip
    text = LlamaConfig(
        vocab_size=n_words, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=2048, bos_token_id=0, eos_token_id=1, pad_token_id=2,
    )  # fmt: skip
    model = LlavaForConditionalGeneration(LlavaConfig(vision_config=vision, text_config=text, image_token_index=3))
    model.generation_config.eos_token_id = 1
    model.generation_config.pad_token_id = 2
    return model


@pytest.fixture(scope="module")
def random_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from diffex_cli.core.machine import quiet_transformers

    folder = tmp_path_factory.mktemp("random-llava")
    with quiet_transformers():
        processor = _processor()
        processor.save_pretrained(folder)
        _model(len(processor.tokenizer)).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def trained_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _trained(tmp_path_factory.mktemp("trained-llava"), WRITTEN)


def _trained(folder: Path, words: str) -> Path:
    """It has learnt to say these words, and then to stop, whatever it is asked."""
    import torch

    from diffex_cli.core.machine import quiet_transformers

    with quiet_transformers():
        processor = _processor()
        n_words = len(processor.tokenizer)
        model = _model(n_words).train()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        cue = torch.tensor(processor.tokenizer.encode("\nassistant:"))
        said = torch.tensor([n_words - 1, 1] if words == WRITTEN else [*processor.tokenizer.encode(words), 1])
        for _ in range(25):
            tokens = torch.cat([torch.randint(4, n_words - 1, (200,)), cue, said])[None]
            labels = tokens.clone()
            labels[:, : -len(said)] = -100
            loss = model(input_ids=tokens, labels=labels).loss
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        processor.save_pretrained(folder)
        model.save_pretrained(folder)
    return folder


def opened(folder: Path, options: str = "device=cpu") -> TransformersModel:
    return TransformersModel(parse_spec(f"transformers:{folder}:{options}"))


def test_parses_what_a_model_writes(trained_folder: Path, question: Question) -> None:
    model = opened(trained_folder)
    answer = model.ask(question)
    assert answer.content == {"attributes": ["beak"]}
    assert answer.usage.output_tokens == 2
    # The task, the schema, the picture's four tokens and the question were all read.
    characters = len(question.system) + len(question.text) + len(json.dumps(question.schema))
    assert answer.usage.input_tokens > characters
    without = model.ask(dataclasses.replace(question, pictures=()))
    assert answer.usage.input_tokens - without.usage.input_tokens == 4


def test_reads_corrections(trained_folder: Path, question: Question) -> None:
    model = opened(trained_folder)
    corrected = dataclasses.replace(question, corrections=(("wrong", "again"),))
    more = model.ask(corrected).usage.input_tokens - model.ask(question).usage.input_tokens
    assert more == len("assistant:wrong\nuser:again\n")


def test_random_weights_are_malformed_but_handled(random_folder: Path, question: Question) -> None:
    model = opened(random_folder, "device=cpu,max_tokens=24")
    with pytest.raises(MalformedAnswer, match=r"broke off after 24 of 24 tokens|does not hold a JSON object") as first:
        model.ask(question)
    assert first.value.usage.output_tokens == 24
    assert first.value.text
    with pytest.raises(MalformedAnswer) as second:
        opened(random_folder, "device=cpu,max_tokens=24").ask(question)
    assert second.value.text == first.value.text


def test_threads_wait_for_each_other(trained_folder: Path, question: Question) -> None:
    model = opened(trained_folder)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(model.ask, [question] * 4))
    assert {type(answer) for answer in answers} == {Answer}
    assert all(answer == answers[0] for answer in answers)


def test_a_question_that_is_too_long(trained_folder: Path, question: Question) -> None:
    with pytest.raises(UsageError, match=r"\(up to 2000\) are longer than the 2048 tokens of .*fewer or smaller"):
        opened(trained_folder, "device=cpu,max_tokens=2000").ask(question)


def test_settings_without_the_place(random_folder: Path, trained_folder: Path, tmp_path: Path) -> None:
    model = opened(random_folder)
    assert model.settings["provider"] == "transformers"
    assert model.settings["model"] == random_folder.name
    assert str(random_folder.parent) not in json.dumps(dict(model.settings))
    assert model.fingerprint != opened(trained_folder).fingerprint
    assert model.fingerprint != opened(random_folder, "max_tokens=5").fingerprint
    moved = tmp_path / "moved"
    moved.symlink_to(random_folder)
    assert opened(moved).fingerprint == model.fingerprint


def test_costs_nothing_known(random_folder: Path, question: Question) -> None:
    assert opened(random_folder).prices is None
    assert opened(random_folder, "price_in=1,price_out=2").prices == Prices(1.0, 2.0, 1.0)
    estimate = opened(random_folder).estimate(question)
    assert estimate == Usage(estimate.input_tokens, 250)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("transformers", "names no model: write transformers:FOLDER"),
        ("transformers:./nowhere", "there is no folder nowhere"),
        ("transformers:{empty}", "has no config.json"),
        ("transformers:{empty}:temperature=1", "unknown option 'temperature'"),
        ("transformers:{random}:revision=main", "a local folder has no revision"),
    ],
)
def test_bad_specs(spec: str, words: str, tmp_path: Path, random_folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        TransformersModel(parse_spec(spec.format(empty=tmp_path, random=random_folder)))
    assert words in str(caught.value)


def _without(folder: Path, copy: Path, *names: str) -> Path:
    copy.mkdir()
    for file in folder.iterdir():
        if file.name not in names:
            (copy / file.name).symlink_to(file)
    return copy


def test_a_model_that_cannot_be_asked(random_folder: Path, tmp_path: Path, question: Question) -> None:
    mute = _without(random_folder, tmp_path / "mute", "chat_template.jinja")
    with pytest.raises(UsageError, match="has no chat template"):
        opened(mute).ask(question)
    pickled = _without(random_folder, tmp_path / "pickled", "model.safetensors")
    (pickled / "pytorch_model.bin").write_bytes(b"anything")
    with pytest.raises(UsageError, match="cannot load the language model"):
        opened(pickled).ask(question)


def test_a_model_without_trained_weights(random_folder: Path, tmp_path: Path, question: Question) -> None:
    from safetensors.torch import load_file, save_file

    folder = _without(random_folder, tmp_path / "lacking", "model.safetensors")
    weights = load_file(random_folder / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "multi_modal_projector" not in name}
    assert len(kept) < len(weights)
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(DiffexError, match=r"has no usable weights for model\.multi_modal_projector"):
        opened(folder).ask(question)


def test_thoughts_that_the_template_opens_are_no_answer(
    trained_folder: Path, tmp_path: Path, question: Question
) -> None:
    folder = _without(trained_folder, tmp_path / "thinks", "chat_template.jinja")
    (folder / "chat_template.jinja").write_text(TEMPLATE.replace("assistant:{% endif", "assistant:<think>\n{% endif"))
    with pytest.raises(MalformedAnswer, match=r"does not hold a JSON object .* \(it begins '<think>Here:"):
        opened(folder).ask(question)


def test_how_probable_the_first_word_is(random_folder: Path, trained_folder: Path, question: Question) -> None:
    told = opened(random_folder).first_word(question)
    assert 0 < sum(told.tokens.values()) <= 1.0001
    assert (len(told.tokens) > 5, told.usage.output_tokens <= 5) == (True, True)
    (likeliest, probability), *_ = opened(trained_folder).first_word(question).tokens.items()
    assert (likeliest, probability > 0.9) == (WRITTEN, True)


def test_one_that_verifies_here(tmp_path: Path, trained_folder: Path) -> None:
    import math

    from PIL import Image

    from diffex_cli.verifiers.backends.vlm import VlmVerifier
    from diffex_cli.verifiers.base import Attribute, Sight

    sights = [Sight(Image.new("RGB", (40, 30), (200, 0, 0)), crop) for crop in (None, (0, 0, 20, 15))]
    red = [Attribute("red", "red", "red beak")]
    for word, low, high in (("\nYes", 0.9, 1.0), ("no", 0.0, 0.1)):
        folder = _trained(tmp_path / word.strip(), word)
        found = VlmVerifier(parse_spec(f"vlm:transformers:{folder}"), "cpu").seen(sights, red)
        assert ((low <= found) & (found <= high)).all(), (word, found)
    (other,) = VlmVerifier(parse_spec(f"vlm:transformers:{trained_folder}"), "cpu").seen(sights[:1], red)[0]
    assert math.isnan(other)  # it says something else
