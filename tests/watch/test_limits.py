"""The watch limit of a real kernel, lowered in a user namespace of its own (W14)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from momentidx.watch.limits import folders_below, watches_allowed, watches_held

LIMITED = 10
PROGRAM = """
import sys
from pathlib import Path
from momentidx.watch.hints import Hints
with Hints(Path(sys.argv[1])) as hints:
    hints.check()
    print(hints.polled)
"""


def in_namespace(*command: str) -> subprocess.CompletedProcess[str]:
    if shutil.which("unshare") is None:
        pytest.skip("there is no unshare here")
    lowered = f'echo {LIMITED} > /proc/sys/user/max_inotify_watches && exec "$@"'
    return subprocess.run(
        ["unshare", "--user", "--map-root-user", "sh", "-c", lowered, "sh", *command],
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_folder_that_cannot_be_watched_whole_is_polled_and_does_not_look_healthy(tmp_path: Path) -> None:
    if in_namespace("true").returncode:
        pytest.skip("user namespaces are not allowed here")
    for number in range(51):
        (tmp_path / str(number)).mkdir()
    done = in_namespace(sys.executable, "-c", PROGRAM, str(tmp_path))
    assert done.stderr == ""
    assert done.stdout.strip() == (
        "it has 52 folders, and this user may watch 10 in all; raise fs.inotify.max_user_watches"
    )


def test_folders_are_counted_as_a_watcher_counts_them(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert folders_below(tmp_path) == 4


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="only Linux tells")
def test_no_watch_is_held_when_nothing_is_watched() -> None:
    assert watches_held() == 0
    assert watches_allowed() > 0
