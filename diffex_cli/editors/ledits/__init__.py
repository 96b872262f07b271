"""LEDITS++: exact inversion, masked guidance, many edits in one U-Net call."""

from diffex_cli.editors.ledits.editor import LeditsEditor

__all__ = ["LeditsEditor"]
