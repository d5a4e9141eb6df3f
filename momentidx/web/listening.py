"""Where the server listens: decided and bound by the command, before anything of the server is loaded."""

from __future__ import annotations

import ipaddress
import socket
from importlib.util import find_spec

from momentidx.config import Settings, Sources
from momentidx.errors import WrongUse

NEEDED = ("fastapi", "uvicorn", "jinja2")
"""Modules of the extra `web`."""


def is_installed() -> bool:
    """Whether the extra `web` is."""
    return all(find_spec(name) is not None for name in NEEDED)


def check(settings: Settings) -> None:
    """Raise WrongUse for an address that others can reach while nobody said under which names."""
    if not is_loopback(settings.web_listen) and not settings.web_hosts:
        raise WrongUse(
            f"web_listen = {settings.web_listen} lets others on the network ask for the page. Say under which names "
            "in the setting web_hosts, put a server with HTTPS before it (docs/web.md), or listen on 127.0.0.1."
        )


def is_loopback(address: str) -> bool:
    try:
        return address == "localhost" or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def bind(sources: Sources) -> socket.socket:
    """Listen as the settings say. Where nobody chose a port and the usual one is taken, any free one.

    Raises WrongUse for an address or port that cannot be had.
    """
    settings = sources.settings
    check(settings)
    chosen = sources.origin["web_port"] != "default"
    for port in (settings.web_port,) if chosen else (settings.web_port, 0):
        try:
            place = socket.getaddrinfo(settings.web_listen, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
            return socket.create_server(place[4][:2], family=place[0])
        except OSError as error:
            trouble = error
    # Python appends where it tried, which the sentence says already.
    why = (trouble.strerror or str(trouble)).partition(" (while")[0]
    raise WrongUse(
        f"{settings.web_listen}, port {settings.web_port}: nothing can listen there: {why}. "
        "Choose another port with --port; 0 is any free one."
    ) from trouble


def url_of(listening: socket.socket) -> str:
    """The address to ask for on this machine, without a slash at its end."""
    host, port = listening.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:
        host = "::1" if ":" in host else "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
