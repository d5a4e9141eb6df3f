"""The shot log: what can be said about footage by measuring it, without any model."""

from momentidx.caption.shotlog.captioner import ShotLog

__all__ = ["ShotLog"]
