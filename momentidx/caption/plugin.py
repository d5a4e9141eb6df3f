"""The captioners and detectors that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from momentidx.caption.detector import Detector
from momentidx.caption.protocol import Captioner
from momentidx.caption.shotlog.asked import FILTERS
from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.hooks import Offer, choose, hookimpl

TINY = Path(__file__).with_name("tiny_weights")
"""Where the weights of `tiny` lie; without them it is not offered."""

if TYPE_CHECKING:
    import torch

    from momentidx.caption.generating import Decoding
    from momentidx.caption.seeds import Seed


@hookimpl
def captioners() -> list[Offer[Captioner]]:
    told = "A small Video-LLM that knows the drawn world of 'momentidx demo --captioner tiny' only."
    tiny: Offer[Captioner] = Offer("tiny", told, _tiny)
    return [
        *([tiny] if TINY.is_dir() else []),
        Offer(
            "shotlog",
            "Describes camera, light, people, movement and fades by measurement; objects, sounds and text with extras.",
            _shotlog,
            FILTERS,
        ),
        Offer("auto", "The best of these that this machine can run.", _auto),
        Offer("endpoint", "Asks a model on an OpenAI-compatible server.", _endpoint, model="endpoint_model"),
        Offer("transformers", "Asks a video chat model in this process.", _transformers, model="video_model"),
        Offer("vtimellm", "Asks a VTimeLLM that was converted with 'momentidx models convert'.", _vtimellm),
        Offer("momentor", "Asks a Momentor that was converted.", _momentor),
        Offer("grounded_videollm", "Asks a Grounded-VideoLLM that was converted.", _grounded_videollm),
        Offer("scripted", "Tells what a file says: for tests and demos.", _scripted),
    ]


@hookimpl
def detectors() -> list[Offer[Detector]]:
    return [
        Offer("shotlog", "Finds people; 80 kinds of objects with the small models of the shot log.", _shotlog_detector),
        Offer("grounding-dino", "Finds what words say, with a Grounding DINO in this process.", _grounding_dino),
    ]


def _shotlog(settings: Settings) -> Captioner:
    from momentidx.caption.shotlog import ShotLog
    from momentidx.caption.shotlog.models import installed, reader
    from momentidx.models.store import Store

    return ShotLog(installed(Store.of(settings)), reader())


def _auto(settings: Settings) -> Captioner:
    from momentidx.caption.auto import best

    made: Captioner = choose("captioners", best(settings).name).make(settings)
    return made


def _shotlog_detector(settings: Settings) -> Detector:
    from momentidx.caption.shotlog.detector import ShotLogDetector
    from momentidx.caption.shotlog.models import installed
    from momentidx.models.store import Store

    return ShotLogDetector(installed(Store.of(settings)))


def _grounding_dino(settings: Settings) -> Detector:
    _needs_transformers("detector 'grounding-dino'")
    from momentidx.caption.transformers.folder import grounding_dino
    from momentidx.caption.transformers.grounding_dino import GroundingDino
    from momentidx.models.devices import device_for

    folder = grounding_dino(settings.detector_model)
    return GroundingDino(folder, device_for(folder.path.name, folder.gigabytes, settings.gpu_memory_gb))


def _needs_transformers(what: str) -> None:
    for library in ("transformers", "huggingface_hub"):
        if find_spec(library) is None:
            raise MomentidxError(f"The {what} needs {library}: pip install 'momentidx[transformers]'.")


def _endpoint(settings: Settings) -> Captioner:
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.chat import Sight

    try:
        from momentidx.caption.endpoint import EndpointChat, Server
    except ImportError as error:
        raise MomentidxError("The captioner 'endpoint' needs httpx2: pip install 'momentidx[endpoint]'.") from error
    sight = Sight.of(settings, pictures=settings.endpoint_pictures, width=settings.video_width)
    return ChatCaptioner("endpoint", EndpointChat(Server.of(settings), sight), refine_edges=settings.refine_edges)


def _transformers(settings: Settings) -> Captioner:
    _needs_transformers("captioner 'transformers'")
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.transformers.chat import TransformersChat
    from momentidx.caption.transformers.folder import chosen
    from momentidx.models.store import Store

    folder = chosen(settings, Store.of(settings).folder)
    chat = TransformersChat.of(folder, settings)
    return ChatCaptioner("transformers", chat, folder.asked, refine_edges=settings.refine_edges)


def _scripted(settings: Settings) -> Captioner:
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.chat import Sight
    from momentidx.caption.scripted import ScriptedChat

    if settings.scripted_answers is None:
        raise WrongUse("The captioner 'scripted' needs a file: set 'scripted_answers' (docs/captioners.md).")
    chat = ScriptedChat.read(settings.scripted_answers, Sight.of(settings, pictures=8, width=64))
    return ChatCaptioner("scripted", chat, refine_edges=settings.refine_edges)


def _tiny(settings: Settings) -> Captioner:
    from momentidx.caption.tiny import captioner

    return captioner(TINY, settings)


def _vtimellm(settings: Settings) -> Captioner:
    from momentidx.caption.vtimellm import VTimeLLMSeed

    return _seed(settings, "vtimellm", VTimeLLMSeed)


def _momentor(settings: Settings) -> Captioner:
    from momentidx.caption.momentor import MomentorSeed

    return _seed(settings, "momentor", MomentorSeed)


def _grounded_videollm(settings: Settings) -> Captioner:
    from momentidx.caption.grounded_videollm import GroundedSeed

    return _seed(settings, "grounded_videollm", GroundedSeed)


def _seed(settings: Settings, name: str, made: Callable[[Path, str, torch.dtype, Decoding], Seed]) -> Captioner:
    """A converted model out of the models folder, on the GPU where there is one.

    Raises MomentidxError when it is not there or too large for the GPU.
    """
    import torch

    from momentidx.caption.asking import Prompts
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.chat import Sight
    from momentidx.caption.seeds import SeedChat
    from momentidx.models.checkpoints.layout import Converted
    from momentidx.models.devices import device_for
    from momentidx.models.store import Store

    folder = Store.of(settings).folder / name
    device = device_for(name, Converted.open(folder, name).gigabytes, settings.gpu_memory_gb)
    dtype = torch.bfloat16 if device.type == "cuda" else torch.float32
    prompts = Prompts(describe=f"{name}_describe", locate=f"{name}_locate", answer="seed_answer")
    sight = Sight.of(settings, pictures=0, width=0)  # a seed knows itself how many it is shown, and how large
    chat = SeedChat(
        name, partial(made, folder, device.type, dtype, settings.decoding), sight, settings.video_batch, device.type
    )
    return ChatCaptioner(name, chat, prompts, refine_edges=settings.refine_edges)
