"""Stable Diffusion inpainting of the region where the attribute's words look."""

from diffex_cli.editors.inpaint.editor import InpaintEditor

__all__ = ["InpaintEditor"]
