"""Frames become events: the captioner protocol and one file per captioner."""
