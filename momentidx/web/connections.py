"""Connections that end: uvicorn waits for ever for a head, for what is left of a body, and for a client that does not
read. Here each of that has a time, and where too many are open the one that has been idle longest goes.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 10.0
"""From the connection, or the end of the last answer, to a whole head."""
STALL_SECONDS = 120.0
"""How long a client may not read; a player that is paused does not, and asks again."""
MOST_CONNECTIONS = 128


class Connection(H11Protocol):
    """One connection of a client."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._head: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None
        self._idle_since = self.loop.time()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if (connected := transport.get_extra_info("socket")) is not None:
            # A head and its body are two writes, and the second would wait for the client to acknowledge the first:
            # 40 ms. asyncio sees to this only for sockets that were made with the protocol's number.
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._wait_for_head()
        if len(self.connections) > MOST_CONNECTIONS:
            idle = [each for each in self.connections if isinstance(each, Connection) and not each.is_busy]
            min(idle, key=lambda each: each._idle_since, default=self).transport.abort()

    @property
    def is_busy(self) -> bool:
        """Whether a request is being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_head()

    def send_400_response(self, msg: str) -> None:
        """What follows a head makes no sense: nobody who works on an answer may send it any more."""
        if self.is_busy:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.is_busy and self.cycle.response_started:
            self.transport.abort()
        else:
            super().send_400_response(msg)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._idle_since = self.loop.time()
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head()
        self._stop_stall()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall = self._stall or self.loop.call_later(STALL_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_stall()

    def _wait_for_head(self) -> None:
        """While no request is answered the time runs on, whatever trickles in."""
        if self.is_busy:
            self._stop_head()
        elif self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(HEAD_SECONDS, self.transport.abort)

    def _stop_head(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _stop_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None
