"""Asking a model on an OpenAI-compatible server: vLLM, SGLang, llama.cpp, Ollama, or somebody's service.

Each request carries the pictures as JPEG with their times as text between them, so that any model that
takes several pictures can be asked. What may pass is tried again, ever more patiently: no connection, no
answer in time, an answer that breaks off or makes no sense, 429 and 5xx. What will not pass (a refused
token, an unknown model, too many pictures) is said at once, in the server's own words.

The client is httpx2, which comes with huggingface_hub anyway: one pool of connections for all threads,
and limits on connecting, sending and reading apart from each other, which urllib lacks.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import httpx2

from momentidx.caption.answers import plain
from momentidx.caption.asking import SECONDS
from momentidx.caption.chat import Reply, Request, Sight
from momentidx.caption.ordered import in_order
from momentidx.errors import UnusableFootage, WrongUse
from momentidx.media.jpeg import encoded

if TYPE_CHECKING:
    from momentidx.config import Settings

REVISION = "1"
"""Raised whenever a change here can change replies."""
TRIES = 5
MAX_WAIT = 60.0
"""Seconds between two tries at most, also when the server asks for more."""
MAX_BYTES = 8 << 20
"""Of one answer; a server that sends more sends something else."""
PASSING = (408, 409, 425, 429)
"""Statuses besides 5xx that may pass."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where and how to ask."""

    url: str
    """Up to and with `/v1`."""
    model: str
    token: str | None = None
    timeout: float = 120.0
    """Seconds without an answer after which a try is given up."""
    at_once: int = 4
    first_wait: float = 1.0
    """Seconds before the second try; doubled with each further one."""

    @classmethod
    def of(cls, settings: Settings) -> Server:
        """The server of the settings. Raises WrongUse when it is not set up."""
        if not settings.endpoint_model:
            raise WrongUse(
                "'endpoint' needs to know which model to ask: set 'endpoint_model', and 'endpoint_url' "
                f"(now {settings.endpoint_url})."
            )
        if not settings.endpoint_url.startswith(("http://", "https://")):
            raise WrongUse(f"'endpoint_url' = {settings.endpoint_url!r} is no address. Write http://HOST:PORT/v1.")
        token = settings.endpoint_token.get_secret_value() if settings.endpoint_token else None
        timeout, at_once = settings.endpoint_timeout_seconds, settings.endpoint_concurrency
        return cls(settings.endpoint_url.rstrip("/"), settings.endpoint_model, token, timeout, at_once)


class EndpointChat:
    """A chat with the model on a server."""

    step = Fraction(1, 10)

    def __init__(self, server: Server, sight: Sight) -> None:
        self._server, self.sight = server, sight
        self.version = hashlib.sha256(f"{REVISION} {server.model}".encode()).hexdigest()[:12]

    def replies(self, requests: Iterable[Request]) -> Iterator[Reply | Exception]:
        server = self._server
        stopping = threading.Event()
        headers = {"Authorization": f"Bearer {server.token}"} if server.token else {}
        # Proxies and .netrc of the environment are not for a server that is named in the settings.
        with httpx2.Client(timeout=server.timeout, headers=headers, trust_env=False) as client:
            try:
                yield from in_order(
                    requests, lambda request: _answer(request, server, client, stopping), server.at_once
                )
            finally:
                stopping.set()  # whoever waits for another try need not


class _Passing(Exception):
    """A try that failed and may be repeated; `wait` is what the server asks for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def _answer(request: Request, server: Server, client: httpx2.Client, stopping: threading.Event) -> Reply | Exception:
    """The reply, or why there is none: the next request may be about another footage."""
    try:
        return _asked(request, server, client, stopping)
    except UnusableFootage as error:
        return error


def _asked(request: Request, server: Server, client: httpx2.Client, stopping: threading.Event) -> Reply:
    body = _body(request, server.model)
    wait = server.first_wait
    for left in reversed(range(TRIES)):
        try:
            return _tried(body, server, client)
        except _Passing as failed:
            if not left or stopping.wait(min(MAX_WAIT, failed.wait if failed.wait is not None else wait)):
                raise UnusableFootage(
                    "endpoint",
                    f"{server.url} was asked {TRIES - left} times and did not answer: {failed}. "
                    "See to the server; the footage is tried again later.",
                    passing=True,
                ) from failed
            wait *= 2
    raise AssertionError("the last try either answers or fails")


def _body(request: Request, model: str) -> bytes:
    """A question as the protocol wants it; the same question gives the same bytes."""
    content: list[dict[str, Any]] = []
    for image, seconds in zip(request.clip.images, request.clip.seconds, strict=True):
        data = base64.b64encode(encoded(image)).decode("ascii")
        content.append({"type": "text", "text": f"{SECONDS.write(seconds)}:"})
        content.append({"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}})
    content.append({"type": "text", "text": request.prompt})
    asked = {
        "model": model,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": request.tokens,
        "temperature": 0,
        "seed": 0,
    }
    return json.dumps(asked).encode()


def _tried(body: bytes, server: Server, client: httpx2.Client) -> Reply:
    """One try. Raises _Passing, or UnusableFootage for what another try cannot mend."""
    deadline = time.monotonic() + server.timeout
    headers = {"Content-Type": "application/json"}
    try:
        with client.stream("POST", f"{server.url}/chat/completions", content=body, headers=headers) as answer:
            received = bytearray()
            for chunk in answer.iter_bytes():
                received += chunk
                if len(received) > MAX_BYTES:
                    raise _Passing("its answer has no end")
                if time.monotonic() > deadline:
                    raise _Passing(f"its answer was not complete within {server.timeout:g} s")
    except httpx2.TimeoutException as error:
        raise _Passing(f"no answer within {server.timeout:g} s") from error
    except (httpx2.TransportError, httpx2.DecodingError) as error:
        raise _Passing(str(error) or type(error).__name__) from error
    except httpx2.InvalidURL as error:
        raise WrongUse(f"'endpoint_url' = {server.url!r} is no address: {error}.") from error
    if answer.status_code == 200:
        return _reply(bytes(received))
    _refuse(answer, bytes(received), server)
    raise AssertionError("a refusal is raised")


def _refuse(answer: httpx2.Response, received: bytes, server: Server) -> None:
    """Raise what a status other than 200 means."""
    status, said = answer.status_code, _said(received)
    if status >= 500 or status in PASSING:
        raise _Passing(f"{status} {said}", _retry_after(answer.headers.get("retry-after")))
    if status in (401, 403):
        what = f"refuses the token ({status} {said}). Set MOMENTIDX_ENDPOINT_TOKEN"
    elif status == 404:
        what = f"has no model '{server.model}', or the address is not right ({status} {said}). Set 'endpoint_model'"
    else:
        what = (
            f"does not take the question ({status} {said}). If it is too long: lower 'endpoint_pictures' "
            "or 'window_seconds', or start the server with a longer context"
        )
    raise UnusableFootage("endpoint-refused", f"{server.url} {what}.", passing=status in (401, 403, 404))


def _reply(received: bytes) -> Reply:
    try:
        choice = json.loads(received)["choices"][0]
        text = choice["message"]["content"]
        if text is None:  # a model that thought until it was cut off
            text = ""
        if not isinstance(text, str):
            text = "".join(part["text"] for part in text)
        return Reply(text, choice.get("finish_reason") != "length")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise _Passing(f"its answer makes no sense ({_said(received) or 'it is empty'})") from error


def _said(received: bytes) -> str:
    """What an answer says in words, shortened: the message of an error, or its beginning."""
    text = received[:2000].decode("utf-8", "replace")
    try:
        error = json.loads(received)["error"]
        text = str(error["message"] if isinstance(error, dict) else error)
    except (ValueError, LookupError, TypeError, RecursionError):
        pass
    return plain(text)[:200]


def _retry_after(value: str | None) -> float | None:
    """Seconds to wait, from a header that holds seconds or a date."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
