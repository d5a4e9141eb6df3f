"""The captioners that come with momentidx, offered through the same hook as anyone's."""

from __future__ import annotations

from momentidx.caption.protocol import Captioner
from momentidx.caption.shotlog.asked import FILTERS
from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.hooks import Offer, choose, hookimpl


@hookimpl
def captioners() -> list[Offer[Captioner]]:
    return [
        Offer(
            "shotlog",
            "Describes camera, light, people, movement and fades by measurement; objects, sounds and text with extras.",
            _shotlog,
            FILTERS,
        ),
        Offer("auto", "The best of these that this machine can run.", _auto),
        Offer("endpoint", "Asks a model on an OpenAI-compatible server.", _endpoint),
        Offer("scripted", "Tells what a file says: for tests and demos.", _scripted),
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


def _endpoint(settings: Settings) -> Captioner:
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.chat import Sight

    try:
        from momentidx.caption.endpoint import EndpointChat, Server
    except ImportError as error:
        raise MomentidxError("The captioner 'endpoint' needs httpx2: pip install 'momentidx[endpoint]'.") from error
    sight = Sight.of(settings, pictures=settings.endpoint_pictures, width=settings.video_width)
    return ChatCaptioner("endpoint", EndpointChat(Server.of(settings), sight), refine_edges=settings.refine_edges)


def _scripted(settings: Settings) -> Captioner:
    from momentidx.caption.captioner import ChatCaptioner
    from momentidx.caption.chat import Sight
    from momentidx.caption.scripted import ScriptedChat

    if settings.scripted_answers is None:
        raise WrongUse("The captioner 'scripted' needs a file: set 'scripted_answers' (docs/captioners.md).")
    chat = ScriptedChat.read(settings.scripted_answers, Sight.of(settings, pictures=8, width=64))
    return ChatCaptioner("scripted", chat, refine_edges=settings.refine_edges)
