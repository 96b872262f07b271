"""``python -m training.early``: the weak editor alone, by the first steps of ``make train-birds``.

The autoencoder is the shipped one, so that both editors lose the same to it. What is missing is practice: many values
are hardly drawn, and much changes besides.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from diffex_cli.core.domains import packaged
from training import diffusion, packaging


def main(argv: Sequence[str] | None = None) -> None:
    """Train up to the early step, and assemble ``WORK/weak``; goes on where it was interrupted."""
    parser = argparse.ArgumentParser(prog="python -m training.early", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-early"), help="checkpoints and logs")
    parser.add_argument("--steps", type=int, default=diffusion.EARLY_STEP, help="the fewer, the weaker (%(default)s)")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args(argv)
    work: Path = arguments.work
    torch.set_num_threads(arguments.threads)
    if not (work / "vae").exists():
        shipped = AutoencoderKL.from_pretrained(packaged("diffusion") / "vae", torch_dtype=torch.float32)
        shipped.save_pretrained(work / "vae")
    diffusion.train(work, arguments.steps, early=arguments.steps)
    if not (work / "early").exists():
        parser.error(f"{work} has taken more steps than {arguments.steps}: give more, or another folder")
    packaging.assemble(work, work / "early", work / "weak")


if __name__ == "__main__":
    main()
