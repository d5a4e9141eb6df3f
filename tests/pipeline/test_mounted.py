"""Real mounts, in a mount namespace of their own: unplugged, swapped and back (W18, W19)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import subprocess, sys
from pathlib import Path
from momentidx.config import Settings
from momentidx.library import WritableLibrary
from momentidx.library.watched import adopt
from momentidx.pipeline.intake import Intake

work = Path(sys.argv[1])
first, second, root = work / "first", work / "second", work / "root"
for folder in (first, second, root):
    folder.mkdir()

def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)

def look(what):
    for _ in range(3):
        intake.look(0)
    queued = intake.settle(1e6)
    states = "".join("+" if known.online else "-" for _, known in sorted(library.known().items()))
    print(what, intake.standing[root].away, queued, states, sep=" | ")

mount("-t", "tmpfs", "first", first)
mount("-t", "tmpfs", "second", second)
for name in ("a.mov", "b.mov"):
    (first / name).write_text(name)
(second / "c.mov").write_text("c")
with WritableLibrary.open(work / "library") as library:
    intake = Intake(library, [root], Settings(settle_seconds=1))
    mount("--bind", first, root)
    look("first")
    subprocess.run(["umount", root], check=True)
    look("nothing")
    mount("--bind", second, root)
    look("second")
    subprocess.run(["umount", root], check=True)
    mount("--bind", first, root)
    look("first again")
    subprocess.run(["umount", root], check=True)
    mount("--bind", second, root)
    adopt(library.folder, root)
    look("second, adopted")
"""


def test_a_drive_that_is_pulled_swapped_and_put_back_loses_nothing(tmp_path: Path) -> None:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here")
    namespace = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*namespace, "mount", "-t", "tmpfs", "x", tmp_path], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    done = subprocess.run(
        [*namespace, sys.executable, "-c", PROGRAM, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "first | None | 2 | ++",
        "nothing | nothing is mounted there: it is empty, and lies on another volume than before | 0 | --",
        "second | another volume is mounted there, without the files of before | 0 | --",
        "first again | None | 0 | ++",
        "second, adopted | None | 1 | --+",
    ]
