"""Edited images that somebody else made, found by file name or by a manifest."""

from diffex_cli.editors.folder.editor import FolderEditor

__all__ = ["FolderEditor"]
