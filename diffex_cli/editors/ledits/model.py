"""A Stable Diffusion model in diffusers format, reduced to what the engine asks of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from diffex_cli.editors.ledits.attention import AttentionRecorder
from diffex_cli.editors.ledits.solver import Schedule, leading_schedule
from diffex_cli.errors import UsageError

_DECODED_TOGETHER = 4
"""The auto-encoder works at full resolution: more rows at a time cost memory and save no time."""


class DiffusionModel:
    """Encodes, decodes, embeds prompts and predicts ε.

    Args:
        pipeline: a ``StableDiffusionPipeline`` (or one with the same components). The U-Net and the
            auto-encoder compute in the dtype that they come in; everything else is float32.
        device: where it runs.
    """

    def __init__(self, pipeline: Any, device: torch.device) -> None:
        self._vae = pipeline.vae.to(device).eval()
        self._unet = pipeline.unet.to(device, memory_format=torch.channels_last).eval()
        self._text_encoder = pipeline.text_encoder.to(device).float().eval()
        self._tokenizer = pipeline.tokenizer
        self._scheduler_config = pipeline.scheduler.config
        self._device, self._dtype = device, self._unet.dtype
        self._recorder = AttentionRecorder()
        self._recorder.install(self._unet)
        self._embeddings: dict[str, Tensor] = {}
        alphas = pipeline.scheduler.alphas_cumprod.float().to(device)
        self._alpha, self._sigma = alphas.sqrt(), (1 - alphas).sqrt()

    @property
    def image_multiple(self) -> int:
        """Image sides must be multiples of this: the auto-encoder's factor times the masks' quarter."""
        return int(2 ** (len(self._vae.config.block_out_channels) - 1)) * 4

    @property
    def native_size(self) -> int:
        """The side of the square images that the model was trained on, in pixels."""
        return int(self._unet.config.sample_size) * self.image_multiple // 4

    def schedule(self, steps: int, start: int) -> Schedule:
        """The timesteps of an inversion, by the model's own noise schedule."""
        config = self._scheduler_config
        alphas_cumprod = (self._alpha**2).cpu()
        if not steps < start < len(alphas_cumprod):
            raise UsageError(f"start={start} must lie between steps={steps} and {len(alphas_cumprod) - 1}")
        schedule = leading_schedule(alphas_cumprod, steps, start, int(config.get("steps_offset", 0)))
        return Schedule(schedule.timesteps, schedule.alphas.to(self._device), schedule.sigmas.to(self._device))

    @torch.no_grad()
    def encode(self, images: Sequence[Image.Image]) -> Tensor:
        """RGB images of one allowed size → scaled latents, float32, shape (images, C, h, w)."""
        rows = [torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8) for image in images]
        width, height = images[0].size
        pixels = torch.stack(rows).view(-1, height, width, 3).permute(0, 3, 1, 2).to(self._device)
        latents = self._vae.encode((pixels.float() / 127.5 - 1).to(self._dtype)).latent_dist.mode().float()
        scaled: Tensor = latents * self._vae.config.scaling_factor
        return scaled

    @torch.no_grad()
    def decode(self, latents: Tensor) -> list[Image.Image | None]:
        """Scaled latents → RGB images; ``None`` for a row that is not finite."""
        scaled = (latents / self._vae.config.scaling_factor).to(self._dtype)
        pixels = torch.cat([self._vae.decode(few).sample.float() for few in scaled.split(_DECODED_TOGETHER)])
        finite = pixels.isfinite().flatten(1).all(1).tolist()
        bytes_ = ((pixels.clamp(-1, 1) + 1) * 127.5).round().nan_to_num(0).byte().permute(0, 2, 3, 1).cpu().numpy()
        return [Image.fromarray(row) if ok else None for row, ok in zip(bytes_, finite, strict=True)]

    def token_count(self, prompt: str) -> int:
        """The prompt's tokens without start, end and padding."""
        return int(sum(self._tokenize(prompt).attention_mask)) - 2

    def _tokenize(self, prompt: str, **options: Any) -> Any:
        return self._tokenizer(prompt, truncation=True, max_length=self._tokenizer.model_max_length, **options)

    @torch.no_grad()
    def _embedding(self, prompt: str) -> Tensor:
        if prompt not in self._embeddings:
            ids = self._tokenize(prompt, padding="max_length", return_tensors="pt").input_ids.to(self._device)
            self._embeddings[prompt] = self._text_encoder(ids).last_hidden_state[0].to(self._dtype)
        return self._embeddings[prompt]

    def predict_empty(self, latents: Tensor, timesteps: Tensor) -> Tensor:
        """ε on the empty prompt; see :data:`~diffex_cli.editors.ledits.inversion.Predictor`."""
        return self.predict(latents, timesteps, [""] * len(latents), attention=False)[0]

    @torch.no_grad()
    def predict(
        self, latents: Tensor, timestep: Tensor, prompts: Sequence[str], attention: bool
    ) -> tuple[Tensor, Tensor | None]:
        """ε and attention maps; see :class:`~diffex_cli.editors.ledits.editing.ConceptPredictor`."""
        hidden = torch.stack([self._embedding(prompt) for prompt in prompts])
        inputs = latents.to(self._dtype).contiguous(memory_format=torch.channels_last)
        timestep = timestep.to(self._device)
        if attention:
            self._recorder.start(cells=(latents.shape[-2] // 4) * (latents.shape[-1] // 4))
        output = self._unet(inputs, timestep, encoder_hidden_states=hidden).sample.float()
        maps = self._recorder.stop() if attention else None
        return self._epsilon(output, latents, timestep), maps

    def _epsilon(self, output: Tensor, latents: Tensor, timestep: Tensor) -> Tensor:
        kind = self._scheduler_config.get("prediction_type", "epsilon")
        if kind == "epsilon":
            return output
        if kind == "v_prediction":
            alpha, sigma = self._alpha[timestep].view(-1, 1, 1, 1), self._sigma[timestep].view(-1, 1, 1, 1)
            epsilon: Tensor = alpha * output + sigma * latents
            return epsilon
        raise UsageError(f"the model predicts {kind!r}; the ledits editor knows epsilon and v_prediction")
