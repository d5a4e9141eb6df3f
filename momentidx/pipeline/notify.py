"""Telling systemd how the daemon fares: sd_notify(3), a datagram to the socket it names.

Without systemd nothing is sent. The address and the interval come from the environment that systemd
gives to a service, which is why this module reads it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Sends `READY=1`, `WATCHDOG=1`, `STOPPING=1` and a line of text for `systemctl status`."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        pid = environment.get("WATCHDOG_PID", str(os.getpid()))
        ours = pid == str(os.getpid()) and self._address
        self.watchdog_seconds = int(environment.get("WATCHDOG_USEC", "0")) / 1e6 if ours else 0.0
        """Silence after which systemd kills the service; 0 when it does not."""

    def send(self, *lines: str) -> None:
        if not self._address:
            return
        # A leading @ stands for the zero byte of Linux's abstract sockets.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as datagrams:
            datagrams.sendto("\n".join(lines).encode(errors="replace"), address)
