"""``make train-birds``: trains every model of the embedded domain, then installs them in the package.

Every part resumes from its last checkpoint; delete the work folder to start over.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from diffex_cli.birds import samples
from training import autoencoder, classifiers, diffusion, packaging, rehearsal


def main() -> None:
    """Train all, in the order in which one needs the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=Path("build/train-birds"), help="checkpoints and logs")
    work = parser.parse_args().work
    torch.set_num_threads(2)
    if not (work / "vae").exists():
        autoencoder.train(work / "autoencoder", autoencoder.STEPS).eval().save_pretrained(work / "vae")
    diffusion.train(work, diffusion.ALL_STEPS)
    rehearsal.train(work, work)
    classifiers.train_all(work)
    samples.make()
    packaging.install(work)


if __name__ == "__main__":
    main()
