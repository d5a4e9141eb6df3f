"""Folders become complete files: the walk is the truth, file-system events are hints."""
