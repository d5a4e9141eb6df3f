"""Service managers: systemd's user units and launchd's agents, behind one set of verbs."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Protocol

from momentidx.errors import MomentidxError, WrongUse


class Manager(Protocol):
    """What starts services on this system."""

    file: Path
    """The service's description."""

    def write(self, command: list[str]) -> None: ...
    def remove(self) -> None: ...
    def start(self) -> None: ...
    def stop(self) -> None: ...
    def status(self) -> str: ...


class Systemd:
    """User units; see systemd.service(5)."""

    UNIT = "momentidx.service"

    def __init__(self) -> None:
        configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        self.file = Path(configuration) / "systemd" / "user" / self.UNIT

    def write(self, command: list[str]) -> None:
        is_new = not self.file.exists()
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(unit(command), encoding="utf-8", errors="surrogateescape")
        try:
            _run("systemctl", "--user", "daemon-reload")
        except MomentidxError as error:
            if is_new:
                self.file.unlink()
            raise MomentidxError(
                f"{error}. No systemd of yours runs here: log in on the machine itself, or start 'momentidx watch'."
            ) from error
        _run("systemctl", "--user", "enable", self.UNIT)
        _run("systemctl", "--user", "restart", self.UNIT)

    def remove(self) -> None:
        _run("systemctl", "--user", "disable", "--now", self.UNIT)
        self.file.unlink()
        _run("systemctl", "--user", "daemon-reload")

    def start(self) -> None:
        _run("systemctl", "--user", "start", self.UNIT)

    def stop(self) -> None:
        _run("systemctl", "--user", "stop", self.UNIT)

    def status(self) -> str:
        # It exits with 3 for a service that does not run, which is an answer too.
        return _run("systemctl", "--user", "status", "--no-pager", self.UNIT, accept=(0, 3))


class Launchd:
    """Launch agents; see launchd.plist(5)."""

    LABEL = "org.momentidx.watch"

    def __init__(self) -> None:
        self.file = Path.home() / "Library" / "LaunchAgents" / f"{self.LABEL}.plist"
        self._domain = f"gui/{os.getuid()}"

    def write(self, command: list[str]) -> None:
        if self.file.exists():
            _run("launchctl", "bootout", self._domain, str(self.file), accept=None)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_bytes(plist(command, self.LABEL))
        self.start()

    def remove(self) -> None:
        _run("launchctl", "bootout", self._domain, str(self.file), accept=None)  # it may not be loaded
        self.file.unlink()

    def start(self) -> None:
        _run("launchctl", "bootstrap", self._domain, str(self.file))

    def stop(self) -> None:
        _run("launchctl", "bootout", self._domain, str(self.file))

    def status(self) -> str:
        return _run("launchctl", "print", f"{self._domain}/{self.LABEL}")


def unit(command: list[str]) -> str:
    """A systemd unit. Stopping waits for what drains within ten seconds; a stuck worker is started anew.

    So is one that found the library busy (75), until whoever has it is done; wrong use (2) stays wrong.
    """
    return "\n".join(
        [
            "[Unit]",
            "Description=momentidx watches folders and indexes footage",
            "",
            "[Service]",
            "Type=notify",
            f"ExecStart={' '.join(map(_quoted, command))}",
            "ExecReload=/bin/kill -HUP $MAINPID",
            "WatchdogSec=120",
            "TimeoutStopSec=15",
            "Restart=on-failure",
            "RestartSec=30",
            "RestartPreventExitStatus=2",
            "Nice=10",
            "IOSchedulingClass=idle",
            "",
            "[Install]",
            "WantedBy=default.target",
            "",
        ]
    )


def _quoted(argument: str) -> str:
    """One argument as systemd reads it: `%` and `$` mean something there, also between quotes."""
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if re.search(r"[\s'\"\\;]", escaped) or not escaped else escaped


def plist(command: list[str], label: str) -> bytes:
    """A launchd agent that runs from login on and again after a failure."""
    return plistlib.dumps(
        {
            "Label": label,
            "ProgramArguments": command,
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": 10,
            "ExitTimeOut": 15,
            "ProcessType": "Background",
        }
    )


def manager() -> Manager:
    if sys.platform == "darwin":
        return Launchd()
    if sys.platform == "linux":
        return Systemd()
    raise WrongUse("Services are installed on Linux and macOS; see docs/watching.md for other systems.")


def _run(*command: str, accept: tuple[int, ...] | None = (0,)) -> str:
    """What a service manager answers. Raises MomentidxError with its words for a code that is not accepted."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise MomentidxError(
            f"{command[0]} cannot be run: {error.strerror}. Start 'momentidx watch' yourself."
        ) from error
    if accept is not None and done.returncode not in accept:
        said = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise MomentidxError(f"{shlex.join(command)}: {said}")
    return done.stdout
