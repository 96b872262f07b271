"""Editors that wrap instruction-following diffusers pipelines: they are told in words what to change."""

from diffex_cli.editors.pipelines.flux2_klein import Flux2KleinEditor
from diffex_cli.editors.pipelines.flux_kontext import FluxKontextEditor
from diffex_cli.editors.pipelines.instruct import InstructEditor
from diffex_cli.editors.pipelines.qwen_edit import QwenEditEditor

__all__ = ["Flux2KleinEditor", "FluxKontextEditor", "InstructEditor", "QwenEditEditor"]
