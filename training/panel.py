"""``make train-panel``: trains the panel's networks and installs them in the package.

All are small EfficientNets. Those with a planted shortcut learn to tell two species apart from random weights, so that
the easiest feature is learned first; the untrained ones only get the statistics of their batch norms. What is
finished is kept, and an interrupted training goes on from its checkpoint; delete the work folder to start over.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch

from diffex_cli.birds.attributes import ATTRIBUTES, Bird
from diffex_cli.birds.panel.classifiers import MODELS
from diffex_cli.birds.panel.members import PANEL, Member, Planted, Untrained
from diffex_cli.birds.species import random_specimen
from diffex_cli.core.errors import UsageError
from diffex_cli.core.registry import did_you_mean
from training import classifiers

WIDTH = 0.4
"""72,000 weights, 0.17 MB in float16."""
STEPS = 400
COUNT = 3000
"""Pictures to learn from."""
_TEST = 256
_NORM_PICTURES = 256


def planted_specimen(rng: random.Random, planted: Planted, label: int) -> Bird:
    """A bird of one of the two species, with the shortcut.

    Args:
        label: which of its species, 0 or 1.
    """
    bird = random_specimen(rng, planted.labels[label])
    given = rng.random() < planted.strength
    anything = rng.choice(ATTRIBUTES[planted.attribute])
    return bird.with_values(**{planted.attribute: planted.values[label] if given else anything})


def train_planted(member: Member, planted: Planted, work: Path, count: int, steps: int) -> None:
    """Train one network, print its accuracy on other birds with and without the shortcut, and save it.

    Args:
        work: checkpoints and log go to ``work/NAME``, the model to ``work/models/NAME``.
        steps: of :data:`~training.classifiers.BATCH` pictures.
    """
    seed = sorted(PANEL).index(member.name)
    torch.manual_seed(seed)
    rng = random.Random(f"panel/{member.name}")
    labels = [rng.randrange(2) for _ in range(count)]
    birds = [planted_specimen(rng, planted, label) for label in labels]
    network = classifiers.new_network(member.labels, WIDTH)
    classifiers.train(
        network,
        classifiers.pictures(birds),
        torch.tensor(labels),
        classifiers.species_loss,
        steps,
        work / member.name,
        seed,
    )
    for kind, tied in (("as trained", True), ("without shortcut", False)):
        labels = [rng.randrange(2) for _ in range(_TEST)]
        birds = [
            planted_specimen(rng, planted, label) if tied else random_specimen(rng, planted.labels[label])
            for label in labels
        ]
        predicted = classifiers.logits_of(network, classifiers.pictures(birds)).argmax(1)
        print(f"{member.name}: accuracy {kind} {(predicted == torch.tensor(labels)).float().mean():.3f}", flush=True)
    classifiers.save(network, work / "models" / member.name)


def train_panel(work: Path, names: Sequence[str], count: int = COUNT, steps: int = STEPS) -> None:
    """Train and save those of the named members that have weights and are not finished yet."""
    trainable = tuple(name for name, member in PANEL.items() if member.has_weights)
    for name in names:
        if name not in trainable:
            raise UsageError(f"--only {name}: no network of the panel{did_you_mean(name, trainable)}")
        member = PANEL[name]
        if (work / "models" / name / "preprocessor_config.json").exists():  # the last file that is saved
            continue
        if isinstance(member.source, Planted):
            train_planted(member, member.source, work, count, steps)
        elif isinstance(member.source, Untrained):
            network = classifiers.untrained(f"panel/{name}", member.labels, WIDTH, member.source.seed, _NORM_PICTURES)
            classifiers.save(network, work / "models" / name)


def install(work: Path, models: Path = MODELS) -> None:
    """Copy what is trained into the package."""
    for folder in sorted((work / "models").iterdir()):
        if folder.name in PANEL:
            shutil.copytree(folder, models / folder.name, dirs_exist_ok=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Train, then install."""
    parser = argparse.ArgumentParser(prog="python -m training.panel", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-panel"), help="checkpoints, logs and models")
    everything = [name for name, member in PANEL.items() if member.has_weights]
    parser.add_argument("--only", nargs="+", default=everything, metavar="NAME", help="by default all networks")
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--count", type=int, default=COUNT, help="pictures to learn from")
    parser.add_argument("--no-install", dest="install", action="store_false", help="leave the package as it is")
    arguments = parser.parse_args(argv)
    torch.set_num_threads(2)
    train_panel(arguments.work, arguments.only, arguments.count, arguments.steps)
    if arguments.install:
        install(arguments.work)


if __name__ == "__main__":
    main()
