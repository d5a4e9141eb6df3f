"""Asking a stock video chat model in this process."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import torch

from momentidx.caption.batches import Batches
from momentidx.caption.chat import Reply, Request, Sight
from momentidx.caption.generating import Decoding
from momentidx.caption.transformers.folder import ModelFolder
from momentidx.caption.transformers.network import Network
from momentidx.models.devices import device_for

if TYPE_CHECKING:
    from momentidx.config import Settings

REVISION = "1"
"""Raised whenever a change here can change replies."""


class TransformersChat:
    """A chat with a model in this process; its weights are loaded with the first question."""

    def __init__(
        self, folder: ModelFolder, sight: Sight, device: torch.device, at_once: int, decoding: Decoding = "dynamic"
    ) -> None:
        self.sight, self.step = sight, folder.family.times.step
        self.version = f"{REVISION} {folder.architecture} {folder.version}"
        self.network = Network(folder, device, decoding)
        self.batches = Batches(self.network, at_once)

    @classmethod
    def of(cls, folder: ModelFolder, settings: Settings) -> TransformersChat:
        """For a model and the settings. Raises MomentidxError when it is too large for the GPU."""
        sight = Sight.of(settings, pictures=settings.video_pictures, width=settings.video_width)
        device = device_for(folder.path.name, folder.gigabytes, settings.gpu_memory_gb)
        return cls(folder, sight, device, settings.video_batch, settings.decoding)

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply | Exception]:
        return self.batches.replies(map(self.network.prepared, requests))
