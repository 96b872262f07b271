"""Trains the birds' classifiers and the attribute probe, all small EfficientNets.

``species`` learns the five species; ``shortcut`` learns them where the background agrees with the
label 95 % of the time; ``null`` is left untrained; ``probe`` reads every attribute and is used only
for measuring edits.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from transformers import EfficientNetConfig, EfficientNetForImageClassification

from diffex_cli.birds.attributes import ATTRIBUTES, Bird, random_bird
from diffex_cli.birds.probe import ATTRIBUTE_LABELS, attribute_columns
from diffex_cli.birds.renderer import SIZE, render
from diffex_cli.birds.species import LABELS, random_specimen
from training.checkpoints import Checkpoint, one_cycle

BATCH = 48
SHORTCUT = 0.95
SPECIES_STEPS = 250
SHORTCUT_STEPS = 700
PROBE_STEPS = 900


def new_network(labels: tuple[str, ...], width: float) -> EfficientNetForImageClassification:
    """A shallow EfficientNet for 128×128 pictures, with random weights.

    Transformers starts its batch norms at about zero, which silences the network; here they start at one.
    """
    network = EfficientNetForImageClassification(
        EfficientNetConfig(
            image_size=SIZE,
            width_coefficient=width,
            depth_coefficient=1.0,
            kernel_sizes=[3, 3, 3, 3, 3],
            in_channels=[24, 16, 32, 64, 96],
            out_channels=[16, 32, 64, 96, 128],
            depthwise_padding=[],
            strides=[1, 2, 2, 2, 1],
            num_block_repeats=[1, 1, 2, 2, 1],
            expand_ratios=[1, 3, 3, 3, 3],
            hidden_dim=round(1280 * width),  # what the top convolution has, whatever the configuration says
            dropout_rate=0.1,
            drop_connect_rate=0.0,
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
        )
    )
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.ones_(module.weight)
        elif isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")
    return network


def _render_all(birds: list[Bird]) -> np.ndarray:
    return np.stack([np.asarray(render(bird)) for bird in birds]).transpose(0, 3, 1, 2)


def pictures(birds: list[Bird]) -> torch.Tensor:
    """Render in two processes; uint8, shape (birds, 3, 128, 128)."""
    chunks = [birds[k : k + 256] for k in range(0, len(birds), 256)]
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return torch.from_numpy(np.concatenate(list(pool.map(_render_all, chunks))))


def normalize(pixels: torch.Tensor) -> torch.Tensor:
    """uint8 → what the saved image processor makes of a picture: (p/255 − 0.5)/0.5."""
    return (pixels.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


def species_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with label smoothing, which keeps the logits' scale finite."""
    return F.cross_entropy(logits, targets, label_smoothing=0.05)


def probe_loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The sum of the cross-entropies of all attributes; targets have shape (rows, attributes)."""
    parts = [F.cross_entropy(logits[:, columns], targets[:, k]) for k, columns in enumerate(attribute_columns())]
    return torch.stack(parts).sum()


def augment(pixels: torch.Tensor) -> torch.Tensor:
    """Blur and noise for half of the rows, so that an auto-encoder's softness is nothing new."""
    blurred = F.avg_pool2d(pixels, 3, stride=1, padding=1, count_include_pad=False)
    share = torch.rand(len(pixels), 1, 1, 1) * (torch.rand(len(pixels), 1, 1, 1) < 0.5)
    mixed = torch.lerp(pixels, blurred, share) + 0.04 * torch.rand(len(pixels), 1, 1, 1) * torch.randn_like(pixels)
    return mixed.contiguous(memory_format=torch.channels_last)


def train(
    network: EfficientNetForImageClassification,
    pixels: torch.Tensor,
    targets: torch.Tensor,
    loss_of: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    steps: int,
    folder: Path,
    seed: int = 0,
) -> None:
    """Train in place, resuming what ``folder`` holds."""
    network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=0.02)
    checkpoint = Checkpoint(folder, {"network": network, "optimizer": optimizer}, minutes=1.0)
    started = time.monotonic()
    for step in range(checkpoint.resume(), steps):
        torch.manual_seed(seed * 1_000_003 + step)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * one_cycle(step, steps, warmup=50, hold=0.3)
        rows = torch.randint(len(pixels), (BATCH,))
        loss = loss_of(network(augment(normalize(pixels[rows]))).logits, targets[rows])
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 50 == 0:
            checkpoint.log(step, loss=loss.item(), seconds=time.monotonic() - started)
            print(
                f"{folder.name} step {step}/{steps} loss {loss.item():.4f} {time.monotonic() - started:.0f}s",
                flush=True,
            )
        checkpoint.save_sometimes(step + 1)
    checkpoint.save(steps)
    network.eval()


@torch.no_grad()
def untrained(
    name: str, labels: tuple[str, ...], width: float, seed: int, count: int
) -> EfficientNetForImageClassification:
    """Random weights that never saw a label. Only the batch norms' statistics are taken from pictures, since
    without them the network would answer every picture with the same zeros."""
    torch.manual_seed(seed)
    network = new_network(labels, width).train()
    rng = random.Random(name)
    for few in pictures([random_bird(rng) for _ in range(count)]).split(64):
        network(normalize(few))
    return network.eval()


@torch.no_grad()
def logits_of(network: EfficientNetForImageClassification, pixels: torch.Tensor) -> torch.Tensor:
    """The logits of uint8 pictures, in small batches."""
    return torch.cat([network(normalize(few)).logits for few in pixels.split(32)])


def save(network: EfficientNetForImageClassification, folder: Path) -> None:
    """Save in float16 with the image processor's settings beside it."""
    from transformers import EfficientNetImageProcessorPil

    processor = EfficientNetImageProcessorPil(
        size={"height": SIZE, "width": SIZE},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        rescale_offset=False,
        include_top=False,
    )
    network.half().save_pretrained(folder)
    network.float()
    processor.save_pretrained(folder)


def train_species(work: Path, name: str, shortcut: float | None, count: int, steps: int, from_probe: bool) -> None:
    """Train and save one species classifier, and print its accuracy on independent birds.

    ``from_probe`` starts from the probe's features; otherwise the weights are random, and the easiest
    feature is learned first, as in any shortcut.
    """
    torch.manual_seed(0)
    rng = random.Random(f"classifier/{name}")
    labels = [rng.randrange(len(LABELS)) for _ in range(count)]
    birds = [random_specimen(rng, LABELS[label], shortcut) for label in labels]
    network = new_network(LABELS, width=0.75 if from_probe else 0.5)
    if from_probe:
        probe = EfficientNetForImageClassification.from_pretrained(work / "models" / "probe", dtype=torch.float32)
        network.efficientnet.load_state_dict(probe.efficientnet.state_dict())
    train(network, pictures(birds), torch.tensor(labels), species_loss, steps, work / name)
    for kind, tie in (("as trained", shortcut), ("without shortcut", None)):
        test_labels = [rng.randrange(len(LABELS)) for _ in range(512)]
        test = pictures([random_specimen(rng, LABELS[label], tie) for label in test_labels])
        accuracy = (logits_of(network, test).argmax(1) == torch.tensor(test_labels)).float().mean()
        print(f"{name}: accuracy {kind} {accuracy:.3f}", flush=True)
    save(network, work / "models" / name)


def train_probe(work: Path, count: int, steps: int) -> None:
    """Train and save the attribute probe, and print its accuracy."""
    torch.manual_seed(0)
    rng = random.Random("classifier/probe")
    birds = [random_bird(rng) for _ in range(count + 512)]
    targets = torch.tensor([[ATTRIBUTES[a].index(bird.value(a)) for a in ATTRIBUTES] for bird in birds])
    pixels = pictures(birds)
    network = new_network(ATTRIBUTE_LABELS, width=0.75)
    train(network, pixels[:count], targets[:count], probe_loss, steps, work / "probe")
    logits = logits_of(network, pixels[count:])
    right = [(logits[:, c].argmax(1) == targets[count:, k]).float().mean() for k, c in enumerate(attribute_columns())]
    print("probe:", {a: round(float(r), 3) for a, r in zip(ATTRIBUTES, right, strict=True)}, flush=True)
    save(network, work / "models" / "probe")


def train_all(work: Path) -> None:
    """Train and save all four; ``species`` needs the probe."""
    train_probe(work, count=9000, steps=PROBE_STEPS)
    train_species(work, "species", None, count=6000, steps=SPECIES_STEPS, from_probe=True)
    train_species(work, "shortcut", SHORTCUT, count=6000, steps=SHORTCUT_STEPS, from_probe=False)
    save(untrained("classifier/null", LABELS, 0.5, seed=7, count=512), work / "models" / "null")
