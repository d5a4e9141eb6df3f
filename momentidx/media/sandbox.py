"""What a decoding child gives up before it touches a file.

Decoders parse bytes that anybody may have written, and they fall for them now and then. A child
that does must find nothing to use: no terminal, no secrets in its environment (see `child.py`), no
file it could write, no network, and no more memory than its share. What the system cannot enforce
is left out, and `enter` tells what is in force, for `momentidx doctor`.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import sys
from collections.abc import Callable

_MEGABYTE = 1 << 20
_OPEN_FILES = 128

# linux/prctl.h, linux/sched.h
_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
# linux/landlock.h; the numbers of the system calls are the same on every architecture
_LANDLOCK_CREATE_RULESET = 444
_LANDLOCK_RESTRICT_SELF = 446
# Version 1 of its rights: write, remove and make files and folders (not: execute, read, list).
_LANDLOCK_WRITING = 0x1FFF & ~0b1101


def enter(memory_mb: int, parent: int) -> tuple[str, ...]:
    """Restrict this process for good; `parent` is the process to die with. Returns what is in force."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides; a terminal signals the whole group
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    attempts: dict[str, Callable[[], object]] = {
        "memory limit": lambda: _limit(resource.RLIMIT_DATA, memory_mb * _MEGABYTE),
        "no core dumps": lambda: _limit(resource.RLIMIT_CORE, 0),
        "no file contents written": lambda: _limit(resource.RLIMIT_FSIZE, 0),
        "few open files": lambda: _limit(resource.RLIMIT_NOFILE, _OPEN_FILES),
    }
    if sys.platform == "linux":
        attempts |= {
            "dies with its parent": lambda: _die_with(parent),
            "no new privileges": lambda: _call("prctl", _PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
            "no network": _leave_network,
            "no file changed": _write_nowhere,
        }
    in_force = []
    for name, attempt in attempts.items():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            attempt()
            in_force.append(name)
    return tuple(in_force)


def _limit(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))


def _die_with(parent: int) -> None:
    _call("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def _leave_network() -> None:
    """Into an empty network namespace; only root can do so without a user namespace of its own."""
    _call("unshare", _CLONE_NEWNET if os.geteuid() == 0 else _CLONE_NEWUSER | _CLONE_NEWNET)


def _write_nowhere() -> None:
    """A Landlock rule set that handles every kind of writing and allows none of it."""
    rights = ctypes.c_uint64(_LANDLOCK_WRITING)
    rules = _call("syscall", _LANDLOCK_CREATE_RULESET, ctypes.byref(rights), ctypes.sizeof(rights), 0)
    try:
        _call("syscall", _LANDLOCK_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)


def _call(function: str, *args: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    result = int(getattr(libc, function)(*args))
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result
