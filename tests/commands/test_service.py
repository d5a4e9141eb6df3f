"""The service: what is written for systemd and launchd, and what they are told, by stand-ins in PATH."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from momentidx.commands.service import command
from momentidx.commands.service_managers import Launchd, Systemd, plist, unit
from momentidx.errors import MomentidxError
from tests.e2e.command import COMMAND, momentidx, run

MANAGER = """#!/bin/sh
printf '%s\\n' "$*" >> "$0.log"
case "$*" in *refused*) echo "no such bus" >&2; exit 1;; *status*|*print*) echo "it runs"; exit 3;; esac
"""


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder for PATH with a systemctl and a launchctl that only write down what they are told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("systemctl", "launchctl"):
        (folder / name).write_text(MANAGER)
        (folder / name).chmod(0o755)
    return folder


def told(stand_in: Path, name: str) -> list[str]:
    log = stand_in / f"{name}.log"
    text = log.read_text() if log.exists() else ""
    log.unlink(missing_ok=True)
    return text.splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="systemd is Linux's")
def test_a_service_is_installed_run_and_removed(tmp_path: Path, stand_in: Path) -> None:
    card, library = tmp_path / "my card", tmp_path / "library"
    card.mkdir()
    env = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PATH": f"{stand_in}{os.pathsep}{os.environ['PATH']}"}
    file = tmp_path / "config" / "systemd" / "user" / "momentidx.service"

    assert run("service", "start", **env).returncode == 2
    said = momentidx("service", "install", card, "--library", library, **env)
    assert said == f"Installed {file}.\n"
    assert told(stand_in, "systemctl") == [
        "--user daemon-reload", "--user enable momentidx.service", "--user restart momentidx.service",
    ]  # fmt: skip
    (line,) = [line for line in file.read_text().splitlines() if line.startswith("ExecStart=")]
    assert shlex.split(line.removeprefix("ExecStart=")) == [
        str(COMMAND), "watch", str(card), "--library", str(library),
    ]  # fmt: skip

    assert momentidx("service", "status", **env) == "it runs\n"
    momentidx("service", "stop", **env)
    momentidx("service", "start", **env)
    assert told(stand_in, "systemctl")[1:] == ["--user stop momentidx.service", "--user start momentidx.service"]
    assert momentidx("service", "uninstall", **env) == f"Removed {file}.\n"
    assert told(stand_in, "systemctl") == ["--user disable --now momentidx.service", "--user daemon-reload"]
    assert not file.exists()


def test_the_installed_command_is_this_installations_with_whole_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command([Path("card")], tmp_path / "library") == [
        str(COMMAND), "watch", str(tmp_path / "card"), "--library", str(tmp_path / "library"),
    ]  # fmt: skip


def test_what_the_manager_says_is_passed_on(tmp_path: Path, stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(stand_in))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(Systemd, "UNIT", "refused.service")
    with pytest.raises(MomentidxError, match=r"^systemctl --user start refused\.service: no such bus$"):
        Systemd().start()
    (stand_in / "systemctl").write_text("#!/bin/sh\necho 'no such bus' >&2; exit 1\n")
    with pytest.raises(MomentidxError, match=r"daemon-reload: no such bus\. No systemd of yours runs here"):
        Systemd().write(HOSTILE)
    assert not Systemd().file.exists(), "nothing is left that looks installed"
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MomentidxError, match=r"^systemctl cannot be run: No such file or directory\."):
        Systemd().start()


HOSTILE = ["/opt/m/momentidx", "watch", '/media/100% "new" $HOME', "/a\\b;c", "/it's", "--library", "/l"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    program = shutil.which("true") or "/bin/true"
    (tmp_path / "momentidx.service").write_text(unit([program, *HOSTILE[1:]]))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--user", tmp_path / "momentidx.service"],
        capture_output=True, text=True, check=False, env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
    )  # fmt: skip
    ours = [line for line in done.stderr.splitlines() if "momentidx.service" in line]
    assert (done.returncode, ours) == (0, [])


def test_odd_names_are_quoted_for_systemd() -> None:
    (line,) = [line for line in unit(HOSTILE).splitlines() if line.startswith("ExecStart=")]
    assert line == (
        'ExecStart=/opt/m/momentidx watch "/media/100%% \\"new\\" $$HOME" "/a\\\\b;c" "/it\'s" --library /l'
    )


def test_launchd_gets_a_list_that_it_can_read_and_is_told_to_load_it(
    stand_in: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{stand_in}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    agent = Launchd()
    assert agent.file == tmp_path / "Library" / "LaunchAgents" / "org.momentidx.watch.plist"
    agent.write(HOSTILE)
    assert agent.file.read_bytes() == plist(HOSTILE, agent.LABEL)
    read = plistlib.loads(agent.file.read_bytes())
    assert (read["Label"], read["ProgramArguments"], read["RunAtLoad"]) == ("org.momentidx.watch", HOSTILE, True)
    domain = f"gui/{os.getuid()}"
    assert told(stand_in, "launchctl") == [f"bootstrap {domain} {agent.file}"]
    agent.write(HOSTILE)
    agent.stop()
    agent.remove()
    assert told(stand_in, "launchctl") == [
        f"bootout {domain} {agent.file}", f"bootstrap {domain} {agent.file}",
        f"bootout {domain} {agent.file}", f"bootout {domain} {agent.file}",
    ]  # fmt: skip
    assert not agent.file.exists()
