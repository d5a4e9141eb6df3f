"""The other side of `child.py`: what runs in the decoding process.

Imported first and by itself in a fresh interpreter, so it imports little before the restrictions hold.
A message is its length and a pickle: requests are `(task, arguments)` or `STOP`, answers `(kind, value)`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import socket
import struct
import sys
import traceback
from collections.abc import Callable

from momentidx.errors import UnusableFootage
from momentidx.media import sandbox

HEADER = struct.Struct(">Q")  # length of the pickle that follows
STOP = "stop"


def serve() -> None:
    """The process itself: restrict yourself, then do what is asked until the other end is closed."""
    number, memory_mb, parent = (int(text) for text in sys.argv[1:])
    sys.dont_write_bytecode = True
    connection = socket.socket(fileno=number)

    def send(kind: str, value: object) -> None:
        packed = pickle.dumps((kind, value), pickle.HIGHEST_PROTOCOL)
        connection.sendall(HEADER.pack(len(packed)))
        connection.sendall(packed)

    def asked() -> bool:
        return bool(select.select([connection], [], [], 0)[0])

    with contextlib.suppress(ConnectionError):
        send("ready", sandbox.enter(memory_mb, parent))
        while header := connection.recv(HEADER.size, socket.MSG_WAITALL):
            request = connection.recv(HEADER.unpack(header)[0], socket.MSG_WAITALL)
            _work(request, send, asked)
    os._exit(0)  # no destructors of foreign libraries: some of them crash


def _work(request: bytes, send: Callable[[str, object], None], asked: Callable[[], bool]) -> None:
    """One task: its items, then `end`, or what went wrong."""
    try:
        message = pickle.loads(request)
        if message == STOP:  # it crossed with our `end`
            return
        task, args = message
        for item in task(*args):
            send("item", item)
            if asked():
                break
        send("end", None)
    except UnusableFootage as error:
        send("unusable", (error.code, str(error), error.passing))
    except MemoryError:
        send("memory", None)
    except ConnectionError:
        raise
    except Exception:
        send("error", traceback.format_exc())
