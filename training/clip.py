"""``make train-clip``: trains a small CLIP on the birds' words, as a real verifier that errs.

A picture is told apart from the captions of other values of the same attribute, and each caption from its negation:
contrastive learning with hard negatives (NegCLIP: Yuksekgonul et al. 2023), without the easy ones. A quarter of the
pictures are details, cropped to what sets a bird apart from a twin, of which only that attribute's words are known.
It goes on where it was interrupted; delete the work folder to start over.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, PreTrainedTokenizerFast

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, random_bird
from diffex_cli.birds.meanings import FINE, MEANINGS
from diffex_cli.birds.probe import attribute_columns
from diffex_cli.birds.renderer import render
from diffex_cli.measure.changes import changed_box
from diffex_cli.verifiers.templates import DEFAULT
from training.checkpoints import Checkpoint, one_cycle
from training.classifiers import augment, normalize

SIDE = 64
_PATCH = 16
BATCH = 32
STEPS = 4000
COUNT = 4500
"""Pictures to learn from."""
DETAILS = 0.25
_PEAK = 1e-3
_TOKENS = 16
_WIDTH = 128
_UNKNOWN = -1
_SPECIAL = {"pad_token": "[PAD]", "unk_token": "[UNK]", "bos_token": "<s>", "eos_token": "</s>"}
_NEGATIONS = 0.3
"""What telling words from their negations counts beside telling them from others."""

PHRASES: tuple[str, ...] = tuple(FINE)
"""Of all values, in the order of :data:`~diffex_cli.birds.probe.ATTRIBUTE_LABELS`."""


def new_tokenizer() -> PreTrainedTokenizerFast:
    """A word a token: those of the domain, and of the verifier's templates."""
    text = " ".join([*MEANINGS, *DEFAULT.shown, *DEFAULT.absent]).replace("{}", " ")
    split = pre_tokenizers.Whitespace()
    words = sorted({word for word, _ in split.pre_tokenize_str(text)})
    vocabulary = {word: place for place, word in enumerate([*_SPECIAL.values(), *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=_SPECIAL["unk_token"]))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = split
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[(one, vocabulary[one]) for one in ("<s>", "</s>")]
    )
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=_TOKENS, **_SPECIAL)


def new_model(tokenizer: PreTrainedTokenizerFast) -> CLIPModel:
    """A small vision transformer over patches of 16 × 16 of 64 × 64 pixels, with random weights: 0.7 million."""
    size = {"hidden_size": _WIDTH, "intermediate_size": 2 * _WIDTH, "num_attention_heads": 4}
    special = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    text = {"num_hidden_layers": 1, "vocab_size": len(tokenizer), "max_position_embeddings": _TOKENS, **special}
    vision = {"num_hidden_layers": 3, "image_size": SIDE, "patch_size": _PATCH}
    model = CLIPModel(CLIPConfig(text_config={**size, **text}, vision_config={**size, **vision}, projection_dim=96))
    _place(model)
    return model


@torch.no_grad()
def _place(model: CLIPModel) -> None:
    """Begin with places that can be told apart (sines and cosines of both coordinates): those that transformers begins
    with are too faint beside the pixels, and nothing but the background is learnt for a thousand steps."""
    embeddings = model.vision_model.embeddings
    across = torch.arange(SIDE // _PATCH).float()
    rows, columns = torch.meshgrid(across, across, indexing="ij")
    waves = 50.0 ** -(torch.arange(_WIDTH // 4) / (_WIDTH // 4))
    angles = [place.reshape(-1, 1) * waves for place in (rows, columns)]
    embeddings.position_embedding.weight[1:] = (
        torch.cat([f(one) for one in angles for f in (torch.sin, torch.cos)], 1) / 2
    )
    embeddings.patch_embedding.weight.mul_(3)


def draw(count: int, seed: int, cache: Path | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures, uint8, shape (count, 3, 64, 64), and of each the value of every attribute, shape (count, attributes);
    -1 where it is not known. They are read from ``cache`` if it is there."""
    if cache is not None and cache.exists():
        pixels, targets = torch.load(cache, weights_only=True)
        return pixels, targets
    rng = random.Random(f"clip/{seed}")
    rows = [_detail(rng) if rng.random() < DETAILS else _whole(random_bird(rng)) for _ in range(count)]
    small = [np.asarray(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC)) for picture, _ in rows]
    drawn = torch.from_numpy(np.stack(small).transpose(0, 3, 1, 2)), torch.tensor([targets for _, targets in rows])
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        torch.save(drawn, cache)
    return drawn


def _whole(bird: Bird) -> tuple[Image.Image, list[int]]:
    return render(bird), [values.index(bird.value(name)) for name, values in ATTRIBUTES.items()]


def _detail(rng: random.Random) -> tuple[Image.Image, list[int]]:
    bird, name = random_bird(rng), rng.choice(list(ATTRIBUTES))
    twin = bird.with_values(**{name: rng.choice([one for one in ATTRIBUTES[name] if one != bird.value(name)])})
    picture = render(twin)
    crop = picture.crop(changed_box(render(bird), picture))
    return crop, [value if own == name else _UNKNOWN for own, value in zip(ATTRIBUTES, _whole(twin)[1], strict=True)]


def loss_of(
    model: CLIPModel, tokenizer: PreTrainedTokenizerFast, pixels: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """Of prepared pictures, shape (rows, 3, 64, 64), and their values; every phrase in a random template."""
    templates = torch.randint(len(DEFAULT.shown), (len(PHRASES),)).tolist()
    texts = [
        kind[template % len(kind)].replace("{}", phrase)
        for kind in (DEFAULT.shown, DEFAULT.absent)
        for phrase, template in zip(PHRASES, templates, strict=True)
    ]
    tokens = tokenizer(texts, padding=True, return_tensors="pt")
    words = model.get_text_features(tokens["input_ids"], tokens["attention_mask"]).pooler_output
    seen = model.get_image_features(pixels).pooler_output
    logits = F.normalize(seen, dim=-1) @ F.normalize(words, dim=-1).T * model.logit_scale.exp()
    shown, absent = logits.split(len(PHRASES), dim=1)
    among, truth = [], []
    for k, own in enumerate(attribute_columns()):
        among.append(F.cross_entropy(shown[:, own], targets[:, k], ignore_index=_UNKNOWN))
        right = F.one_hot(targets[:, k].clamp(0), shown[:, own].shape[1]).float()
        truth.append(right.where(targets[:, [k]] != _UNKNOWN, torch.nan))
    wanted = torch.cat(truth, dim=1)
    known = ~wanted.isnan()
    against = F.binary_cross_entropy_with_logits((shown - absent)[known], wanted[known])
    return torch.stack(among).nanmean() + _NEGATIONS * against


def train(work: Path, count: int = COUNT, steps: int = STEPS) -> CLIPModel:
    """Train in ``work``, resuming what it holds."""
    torch.manual_seed(0)
    tokenizer = new_tokenizer()
    model = new_model(tokenizer).train()
    pixels, targets = draw(count, 0, work / f"{count}.pt")
    optimizer = torch.optim.AdamW(model.parameters(), lr=_PEAK, betas=(0.9, 0.98), weight_decay=0.05)
    checkpoint = Checkpoint(work, {"model": model, "optimizer": optimizer}, minutes=1.0)
    started = time.monotonic()
    for step in range(checkpoint.resume(), steps):
        torch.manual_seed(step)
        for group in optimizer.param_groups:
            group["lr"] = _PEAK * one_cycle(step, steps, warmup=60, hold=0.4)
        rows = torch.randint(len(pixels), (BATCH,))
        few = augment(normalize(pixels[rows]))
        few = torch.where(torch.rand(BATCH, 1, 1, 1) < 0.5, few, few.flip(-1))
        loss = loss_of(model, tokenizer, few, targets[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        with torch.no_grad():
            model.logit_scale.clamp_(max=float(np.log(100)))
        if step % 100 == 0:
            checkpoint.log(step, loss=loss.item(), seconds=time.monotonic() - started)
            print(f"clip step {step}/{steps} loss {loss.item():.4f} {time.monotonic() - started:.0f}s", flush=True)
        checkpoint.save_sometimes(step + 1)
    checkpoint.save(steps)
    return model.eval()


@torch.no_grad()
def accuracies(model: CLIPModel, pixels: torch.Tensor, targets: torch.Tensor) -> Iterator[tuple[str, float]]:
    """Attribute and the share of pictures of which it is known, and of which the words of the right value are the
    nearest."""
    tokens = new_tokenizer()(list(PHRASES), padding=True, return_tensors="pt")
    words = F.normalize(model.get_text_features(tokens["input_ids"], tokens["attention_mask"]).pooler_output, dim=-1)
    near = torch.cat([model.get_image_features(normalize(few)).pooler_output @ words.T for few in pixels.split(64)])
    for k, (name, own) in enumerate(zip(ATTRIBUTES, attribute_columns(), strict=True)):
        known = targets[:, k] != _UNKNOWN
        yield name, float((near[known][:, own].argmax(1) == targets[known, k]).float().mean())


def save(model: CLIPModel, folder: Path) -> None:
    """Save as a folder that ``clip:`` loads."""
    model.half().save_pretrained(folder)
    model.float()
    new_tokenizer().save_pretrained(folder)
    square = {"height": SIDE, "width": SIDE}
    CLIPImageProcessorPil(
        size=square, do_center_crop=False, image_mean=[0.5, 0.5, 0.5], image_std=[0.5, 0.5, 0.5]
    ).save_pretrained(folder)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, print the accuracy on other birds, and save the model in ``WORK/models/clip``."""
    parser = argparse.ArgumentParser(prog="python -m training.clip", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-clip"), help="checkpoints, log and model")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures to learn from")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(1)
    model = train(arguments.work / "clip", arguments.count, arguments.steps)
    for name, accuracy in accuracies(model, *draw(min(400, arguments.count), 1)):
        print(f"{name}: accuracy {accuracy:.3f}", flush=True)
    save(model, arguments.work / "models" / "clip")


if __name__ == "__main__":
    main()
