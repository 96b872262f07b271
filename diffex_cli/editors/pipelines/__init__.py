"""Editors that wrap instruction-following diffusers pipelines: they are told in words what to change."""

from diffex_cli.editors.pipelines.editors import Flux2KleinEditor, FluxKontextEditor, InstructEditor, QwenEditEditor

__all__ = ["Flux2KleinEditor", "FluxKontextEditor", "InstructEditor", "QwenEditEditor"]
