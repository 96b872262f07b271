"""``python -m training.early``: the weak editor alone, by the first steps of ``make train-birds``.

The autoencoder is the shipped one, so that both editors lose the same to it. What is missing is practice: many values
are hardly drawn, and much changes besides.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL

from diffex_cli.core.domains import packaged
from training import diffusion, packaging


def main() -> None:
    """Train up to the early step, and assemble ``WORK/weak``; goes on where it was interrupted."""
    parser = argparse.ArgumentParser(prog="python -m training.early", description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-early"), help="checkpoints and logs")
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    work: Path = arguments.work
    torch.set_num_threads(arguments.threads)
    if not (work / "vae").exists():
        shipped = AutoencoderKL.from_pretrained(packaged("diffusion") / "vae", torch_dtype=torch.float32)
        shipped.save_pretrained(work / "vae")
    diffusion.train(work, diffusion.EARLY_STEP)
    packaging.assemble(work, work / "early", work / "weak")


if __name__ == "__main__":
    main()
