"""A process that dies, or meets a full disk, while it indexes; run by test_crash.py.

python -m tests.library.crashing LIBRARY FILE kill STATEMENT | limit BYTES
"""

from __future__ import annotations

import os
import resource
import signal
import sys
from pathlib import Path

from sqlalchemy import event

from momentidx.errors import LibraryError
from momentidx.events import Layer
from momentidx.library import WritableLibrary
from tests.library.making import FOOTAGE, carry_out, described, wanted


def main(folder: Path, path: Path, way: str, amount: str) -> None:
    newer = described(layer=Layer("shots", "2"))
    goal = wanted(newer.layer)
    with WritableLibrary.open(folder) as library:
        library.plan(goal)
        claim = library.claim(goal, path)
        assert claim is not None

        def kill(*context: object) -> None:
            if amount == "COMMIT" or str(context[2]).startswith(amount):
                os.kill(os.getpid(), signal.SIGKILL)

        if way == "kill":
            moment = "commit" if amount == "COMMIT" else "before_cursor_execute"
            event.listen(library._engine, moment, kill)
        else:
            resource.setrlimit(resource.RLIMIT_FSIZE, (int(amount), int(amount)))
        try:
            carry_out(library, claim, goal, FOOTAGE, [newer])
        except LibraryError as error:
            print(error)
            return
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
