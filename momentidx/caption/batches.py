"""Asking a network in this process in batches, on a GPU or the CPU.

What a GPU can do to us is met here: when its memory runs out the batch is halved and the work goes on, with batches
of that size from then on; when the device is lost the footages of the batch fail for now, the network is dropped, and
the next batch loads it anew. A request that fails in a way nobody foresaw is found and fails alone.
"""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Generic, Protocol, TypeVar

import torch

from momentidx.caption.chat import Reply
from momentidx.caption.ordered import in_order
from momentidx.errors import UnusableFootage

log = logging.getLogger(__name__)

P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)


class Answering(Protocol[P_contra]):
    """A network."""

    name: str
    device: torch.device
    relief: str
    """What to do when its memory is too small for a single request: a sentence."""

    def answers(self, batch: Sequence[P_contra]) -> Sequence[Reply]:
        """A reply for each request; loads what is not loaded. Raises UnusableFootage when that cannot be."""
        ...

    def drop(self) -> None:
        """Forget what is on the device."""
        ...


class Batches(Generic[P]):
    """Requests to a network, `at_once` at a time."""

    def __init__(self, network: Answering[P], at_once: int) -> None:
        self._network = network
        self.at_once = at_once
        """Requests in a batch; becomes less when memory runs out."""
        self._turn = threading.Lock()  # of two streams, or one that was left while a batch was being answered

    def replies(self, requests: Iterable[P]) -> Iterator[Reply | Exception]:
        """For each request, in order, a reply or what went wrong; see `Chat.replies`."""
        # One batch is answered in a thread (PyTorch leaves Python alone meanwhile) while the next is read.
        return chain.from_iterable(in_order(self._filled(requests), self._ask, 1))

    def _filled(self, requests: Iterable[P]) -> Iterator[list[P]]:
        requests = iter(requests)
        while batch := list(islice(requests, self.at_once)):
            yield batch

    def _ask(self, batch: Sequence[P]) -> list[Reply | Exception]:
        replies: list[Reply | Exception] = []
        with self._turn:
            while len(replies) < len(batch):
                replies += self._answers(batch[len(replies) : len(replies) + self.at_once])
        return replies

    def _answers(self, batch: Sequence[P]) -> Sequence[Reply | Exception]:
        """Of the batch; of none of it when memory ran out and fewer are to be asked."""
        network = self._network
        try:
            return network.answers(batch)
        except torch.OutOfMemoryError:
            pass  # while the exception lives, so do the tensors it came from
        except torch.AcceleratorError as error:
            network.drop()
            lost = UnusableFootage(
                "device-lost",
                f"The device {network.device} failed while it described the footage ({first_line(error)}). "
                "The footage is tried again later; if it goes on, start momentidx anew.",
                passing=True,
            )
            return [lost] * len(batch)
        except UnusableFootage as error:
            return [error] * len(batch)
        except Exception as error:
            return [error] if len(batch) == 1 else [each for one in batch for each in self._answers([one])]
        gc.collect()
        if network.device.type == "cuda":
            torch.cuda.empty_cache()
        if len(batch) == 1:
            sentence = (
                f"The memory of {network.device} is too small for one look at the footage with {network.name}. "
                f"{network.relief}"
            )
            return [UnusableFootage("gpu-memory", sentence)]
        self.at_once = (len(batch) + 1) // 2
        log.warning("memory of %s ran out: going on with %d at once", network.device, self.at_once)
        return []


def first_line(error: BaseException) -> str:
    """What an error of a library says, for a sentence of ours."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
