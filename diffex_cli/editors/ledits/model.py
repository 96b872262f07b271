"""A Stable Diffusion or SDXL model in diffusers format, reduced to what the engine asks of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from diffex_cli.core.errors import UsageError
from diffex_cli.editors.ledits.attention import AttentionRecorder
from diffex_cli.editors.ledits.compiling import compiled
from diffex_cli.editors.ledits.conditioning import new_conditioner
from diffex_cli.editors.ledits.solver import Schedule, leading_schedule

_LEAST_SIGNAL = 1e-6
"""ᾱ below which x̂₀ = (x − σ·ε) / α is no more than amplified rounding; Stable Diffusion's own schedule ends at 5e-3."""

_PIXELS_TOGETHER = {"cpu": 4 * 128 * 128}
_PIXELS_TOGETHER_ELSEWHERE = 4 * 1024 * 1024
"""The auto-encoder works at full resolution: more pixels at a time cost memory and save no time."""


class DiffusionModel:
    """Encodes, decodes, embeds prompts and predicts ε.

    Args:
        pipeline: a ``StableDiffusionPipeline`` or ``StableDiffusionXLPipeline`` (or one with the same
            components). The U-Net and the auto-encoder compute in the dtype that they come in; latents
            and everything the solver sees are float32.
        compile_rows: tells the largest batch, for which and for half of which the U-Net is compiled;
            ``None`` to not compile. Shorter batches are padded. Calls that record attention are never compiled.
    """

    def __init__(
        self,
        pipeline: Any,
        device: torch.device,
        channels_last: bool = True,
        compile_rows: Callable[[], int] | None = None,
    ) -> None:
        self._format = torch.channels_last if channels_last else torch.contiguous_format
        self._vae = pipeline.vae.to(device).eval()
        self._unet = pipeline.unet.to(device, memory_format=self._format).eval()
        self.device, self.dtype, self._vae_dtype = device, self._unet.dtype, self._vae.dtype
        self._conditioner = new_conditioner(pipeline, device, self.dtype)
        self._scheduler_config = pipeline.scheduler.config
        self._recorder = AttentionRecorder()
        self._recorder.install(self._unet)
        self._fast_unet: Callable[..., Any] = compiled(self._unet, compile_rows, device) if compile_rows else self._unet
        alphas = pipeline.scheduler.alphas_cumprod.float().to(device)
        self._alpha, self._sigma = alphas.sqrt(), (1 - alphas).sqrt()
        self.is_xl = getattr(pipeline, "text_encoder_2", None) is not None

    @property
    def _factor(self) -> int:
        """Pixels a cell of the latents, along one side."""
        return int(2 ** (len(self._vae.config.block_out_channels) - 1))

    @property
    def image_multiple(self) -> int:
        """Image sides must be multiples of this: the auto-encoder's factor times the masks' quarter."""
        return self._factor * 4

    @property
    def native_size(self) -> int:
        """The side of the square images that the model was trained on, in pixels."""
        return int(self._unet.config.sample_size) * self._factor

    def schedule(self, steps: int, start: int) -> Schedule:
        """The timesteps of an inversion, by the model's own noise schedule."""
        config = self._scheduler_config
        alphas_cumprod = (self._alpha**2).cpu()
        if not steps < start < len(alphas_cumprod):
            raise UsageError(f"start={start} must lie between steps={steps} and {len(alphas_cumprod) - 1}")
        schedule = leading_schedule(alphas_cumprod, steps, start, int(config.get("steps_offset", 0)))
        first = int(schedule.timesteps[0])
        if alphas_cumprod[first] < _LEAST_SIGNAL:
            last = int((alphas_cumprod >= _LEAST_SIGNAL).nonzero().max())
            raise UsageError(
                f"start={start} begins at timestep {first}, where this model's noise schedule leaves nothing of the "
                f"picture (zero terminal SNR), so that it cannot be inverted: give start={last} or less"
            )
        return schedule

    @torch.no_grad()
    def encode(self, images: Sequence[Image.Image]) -> Tensor:
        """RGB images of one allowed size → scaled latents, float32, shape (images, C, h, w)."""
        rows = [torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8) for image in images]
        width, height = images[0].size
        pixels = torch.stack(rows).view(-1, height, width, 3).permute(0, 3, 1, 2).to(self.device)
        scaled = (pixels.float() / 127.5 - 1).to(self._vae_dtype)
        chunks = scaled.split(self._together(width * height))
        latents = torch.cat([self._vae.encode(few).latent_dist.mode().float() for few in chunks])
        return latents * float(self._vae.config.scaling_factor)

    @torch.no_grad()
    def decode(self, latents: Tensor) -> list[Image.Image | None]:
        """Scaled latents → RGB images; ``None`` for a row that is not finite."""
        unscaled = (latents / self._vae.config.scaling_factor).to(self._vae_dtype)
        images: list[Image.Image | None] = []
        for few in unscaled.split(self._together(latents.shape[-2] * latents.shape[-1] * self._factor**2)):
            pixels = self._vae.decode(few).sample.float()
            finite = pixels.isfinite().flatten(1).all(1).tolist()
            levels = ((pixels.clamp(-1, 1) + 1) * 127.5).round().nan_to_num(0).byte().permute(0, 2, 3, 1).cpu().numpy()
            images += [Image.fromarray(row) if ok else None for row, ok in zip(levels, finite, strict=True)]
        return images

    def _together(self, pixels: int) -> int:
        """How many pictures of so many pixels the auto-encoder takes at a time."""
        return max(1, _PIXELS_TOGETHER.get(self.device.type, _PIXELS_TOGETHER_ELSEWHERE) // pixels)

    def token_count(self, prompt: str) -> int:
        return self._conditioner.token_count(prompt)

    def predict_empty(self, latents: Tensor, timesteps: Tensor) -> Tensor:
        """ε on the empty prompt; see :data:`~diffex_cli.editors.ledits.inversion.Predictor`."""
        return self.predict(latents, timesteps, [""] * len(latents), 0)[0]

    @torch.no_grad()
    def predict(
        self, latents: Tensor, timestep: Tensor, prompts: Sequence[str], attention_divisor: int
    ) -> tuple[Tensor, Tensor | None]:
        """ε and attention maps; see :class:`~diffex_cli.editors.ledits.editing.ConceptPredictor`."""
        height, width = latents.shape[-2:]
        arguments = self._conditioner.arguments(prompts, (height * self._factor, width * self._factor))
        inputs = latents.to(self.dtype).contiguous(memory_format=self._format)
        timestep = timestep.to(self.device)
        maps = None
        if attention_divisor:
            self._recorder.start(cells=(height // attention_divisor) * (width // attention_divisor))
            output = self._unet(inputs, timestep, **arguments).sample
            maps = self._recorder.stop()
            if maps is None:
                raise UsageError(self._no_maps(height * width, attention_divisor))
        else:
            output = self._fast_unet(inputs, timestep, **arguments).sample
        return self._epsilon(output.float(), latents, timestep), maps

    def _no_maps(self, cells: int, divisor: int) -> str:
        there = sorted({round((cells / seen) ** 0.5) for seen in self._recorder.seen})
        choices = " or ".join(f"attention={other}" for other in there)
        return (
            f"the model has no cross-attention at 1/{divisor} of the latents' side, so the mask M1 cannot be made: "
            f"use {choices + ', ' if choices else ''}mask=guidance or mask=none"
        )

    def _epsilon(self, output: Tensor, latents: Tensor, timestep: Tensor) -> Tensor:
        kind = self._scheduler_config.get("prediction_type", "epsilon")
        if kind == "epsilon":
            return output
        if kind == "v_prediction":
            alpha, sigma = self._alpha[timestep].view(-1, 1, 1, 1), self._sigma[timestep].view(-1, 1, 1, 1)
            epsilon: Tensor = alpha * output + sigma * latents
            return epsilon
        raise UsageError(f"the model predicts {kind!r}; the ledits editor knows epsilon and v_prediction")
