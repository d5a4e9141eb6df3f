"""Named points in the code where tests let the process die or the disk refuse: the proof that nothing is lost there.

The code passes a point with `reach("stills.written")`. Unless the environment variable MOMENTIDX_FAIL
is set, that is one look into an empty table. It holds what shall happen where, parted by commas:

    keep_layer.commit:kill        the process kills itself the first time it comes by
    stills.written:enospc:3       the third time there is no space left; `eio`: the disk refuses
    claim.committed:sleep=0.5     the first time it goes on half a second later
    *:trace=/tmp/points           every point that is passed adds its name to the file

This is no setting: it is read here and nowhere else, when the program starts.
"""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count

from momentidx.errors import WrongUse

VARIABLE = "MOMENTIDX_FAIL"
EVERYWHERE = "*"

TRANSACTIONS: Mapping[str, str] = {
    "migrate": "the tables are made or brought up to date",
    "open": "what a dead process left running is queued again",
    "close": "what is still claimed is given back",
    "enqueue": "files are queued",
    "sweep": "what former tools left behind is cleared away",
    "plan": "stages that footage lacks are queued",
    "retry_probes": "files that were given up are queued for a new version",
    "mark": "files are noted as there or away",
    "relocate": "files are noted at their new places",
    "note_root": "it is noted how a watched folder stands",
    "claim": "jobs are claimed",
    "release": "claimed jobs are given back",
    "fail": "a job ends as failed",
    "recognise": "a probe ends: a file is a place of its content",
    "keep_layer": "a description ends with its events",
    "keep_pictures": "poster and strip are kept",
    "keep_vectors": "vectors are kept, and a layer takes the former one's place",
    "settle": "the work on a file is over: all of it is brought to the disk",
    "note": "anything else, such as what a person wants: a bin, a pause, a caption",
}
"""Everything that writes to the library; each has a point before and one after its commit."""

TRAINING: Mapping[str, str] = {
    "checkpoint.written": "a checkpoint of a training run is on the disk, but does not bear its name yet",
    "checkpoint.replaced": "a checkpoint bears its name; older ones are still there",
    "trained.written": "what a training run learned is on the disk, but does not bear its name yet",
    "trained.replaced": "what a training run learned bears its name; its checkpoints are still there",
}

POINTS: Mapping[str, str] = {
    **{f"{name}.commit": f"{what}; not committed yet" for name, what in TRANSACTIONS.items()},
    **{f"{name}.committed": f"{what}; just committed" for name, what in TRANSACTIONS.items()},
    "lock.held": "the library's lock is held, its file not signed yet",
    "migrate.step": "one step of the schema is carried out, inside the transaction",
    "backup.copied": "a backup is copied, but does not bear its name yet",
    "backup.replaced": "a backup bears its name",
    "stills.written": "a still is on the disk, but does not bear its name yet",
    "stills.replaced": "a still bears its name; no row names it yet",
    "vectors.written": "a file of the vector cache is on the disk, but does not bear its name yet",
    "vectors.replaced": "a file of the vector cache bears its name; the manifest comes second",
    "run.written": "`run.json` is written, but does not bear its name yet",
    "run.replaced": "`run.json` bears its name",
    "export.written": "a timeline is written, but does not bear its name yet",
    "export.replaced": "a timeline bears its name",
    **TRAINING,
}
"""Every point, and what is true there. A test looks that the code passes each, and names no other."""


@dataclass(slots=True)
class _Failure:
    """What happens at a point, and the how manieth time."""

    act: Callable[[str], None]
    when: int | None
    """None: every time."""
    _times: count[int] = field(default_factory=lambda: count(1))

    def reached(self, name: str) -> None:
        if self.when is None or next(self._times) == self.when:
            self.act(name)


def reach(name: str) -> None:
    """Pass a point."""
    for at in (EVERYWHERE, name) if _armed else ():
        if at in _armed:
            _armed[at].reached(name)


def _kill(_name: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _refuse(number: int) -> Callable[[str], None]:
    def refuse(name: str) -> None:
        raise OSError(number, os.strerror(number), name)

    return refuse


def _sleep(seconds: float) -> Callable[[str], None]:
    def sleep(_name: str) -> None:
        time.sleep(seconds)

    return sleep


def _trace(file: str) -> Callable[[str], None]:
    def trace(name: str) -> None:
        with open(file, "a", encoding="utf-8") as traced:  # noqa: PTH123 (one write: processes may share the file)
            traced.write(f"{name}\n")

    return trace


def armed(text: str) -> dict[str, _Failure]:
    """What the variable says. Raises WrongUse for what it must not say: a test would pass for nothing."""
    failures = {}
    for part in filter(None, text.split(",")):
        name, _, rest = part.partition(":")
        action, _, times = rest.partition(":")
        try:
            if name not in POINTS and name != EVERYWHERE:
                raise KeyError(name)
            failures[name] = _failure(action, int(times or 1))
        except (KeyError, ValueError) as error:
            raise WrongUse(f"{VARIABLE}: '{part}' is not POINT:ACTION or POINT:ACTION:TIMES ({error}).") from error
    return failures


def _failure(action: str, when: int) -> _Failure:
    verb, _, argument = action.partition("=")
    if verb == "trace":
        return _Failure(_trace(argument), None)
    if verb == "sleep":
        return _Failure(_sleep(float(argument)), when)
    return _Failure({"kill": _kill, "enospc": _refuse(errno.ENOSPC), "eio": _refuse(errno.EIO)}[verb], when)


_armed = armed(os.environ.get(VARIABLE, ""))
