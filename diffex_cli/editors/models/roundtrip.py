"""The auto-encoder's round trip: what is lost of a picture before anything is edited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image


@torch.no_grad()
def round_trip(
    pipeline: Any, images: Sequence[Image.Image], size: tuple[int, int], device: torch.device, frames: bool = False
) -> np.ndarray[Any, Any]:
    """Encode to the mode of the latents and decode: pictures of (width, height) ``size``, in [0, 1], of shape
    (len(images), height, width, 3). ``frames``: the auto-encoder is one for videos, a picture a video of one frame."""
    vae, processor = pipeline.vae, pipeline.image_processor
    resized = [image.resize(size, Image.Resampling.LANCZOS) for image in images]
    pixels = processor.preprocess(resized, height=size[1], width=size[0])
    stored = vae.dtype
    # Stable Diffusion XL's auto-encoder overflows in float16; its configuration says so.
    upcast = stored == torch.float16 and bool(getattr(vae.config, "force_upcast", False))
    try:
        if upcast:
            vae.to(dtype=torch.float32)
        pixels = pixels.to(device, torch.float32 if upcast else stored)
        latents = vae.encode(pixels.unsqueeze(2) if frames else pixels).latent_dist.mode()
        decoded = vae.decode(latents).sample
    finally:
        if upcast:
            vae.to(dtype=stored)
    if frames:
        decoded = decoded[:, :, 0]
    pictures: np.ndarray[Any, Any] = processor.postprocess(decoded.float(), output_type="np")
    return pictures
