"""`momentidx plugins install` and `remove`: what is put where, and that nobody else's file is touched."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from momentidx.commands.installing import PLUGINS, RECORD, Plugin, folders, install, remove
from momentidx.errors import MomentidxError, WrongUse
from tests.e2e.command import momentidx, run

ROOT = Path(__file__).parents[2]
NAMES = [
    "momentidx append bin.lua",
    "momentidx append selects.lua",
    "momentidx import bin.lua",
    "momentidx import selects.lua",
    "momentidx studio.py",
]


def test_installing_for_resolve_and_removing_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "mine.lua").write_text("-- mine")
    told = momentidx("plugins", "install", "resolve", "--to", tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [RECORD, *["mine.lua"], *NAMES]
    assert (tmp_path / NAMES[0]).read_bytes() == (ROOT / "plugins" / "resolve" / "momentidx.lua").read_bytes()
    assert told.splitlines()[-1].startswith("Restart DaVinci Resolve")
    momentidx("plugins", "remove", "resolve", "--to", tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["mine.lua"]
    assert momentidx("plugins", "remove", "resolve", "--to", tmp_path) == "Nothing is installed there.\n"


def test_without_a_folder_the_programs_own_is_taken(tmp_path: Path) -> None:
    momentidx("plugins", "install", "resolve", HOME=str(tmp_path))
    utility = tmp_path / ".local/share/DaVinciResolve/Fusion/Scripts/Utility"
    assert sorted(file.name for file in utility.iterdir()) == [RECORD, *NAMES]


def test_a_script_that_was_changed_is_neither_replaced_nor_removed(tmp_path: Path) -> None:
    momentidx("plugins", "install", "resolve", "--to", tmp_path)
    (tmp_path / NAMES[0]).write_text("-- changed")
    assert "is not as momentidx wrote it" in run("plugins", "install", "resolve", "--to", tmp_path).stderr
    done = run("plugins", "remove", "resolve", "--to", tmp_path)
    assert "Kept" in done.stderr
    assert [file.name for file in tmp_path.iterdir()] == [NAMES[0]]


def test_a_newer_version_replaces_an_older_one(tmp_path: Path) -> None:
    install(Plugin({"a.lua": "resolve/momentidx_studio.py"}, ""), tmp_path)
    install(Plugin({"a.lua": "resolve/momentidx.lua"}, ""), tmp_path)
    assert (tmp_path / "a.lua").read_bytes() == (ROOT / "plugins" / "resolve" / "momentidx.lua").read_bytes()


def test_a_file_of_somebody_elses_with_the_same_name_stays(tmp_path: Path) -> None:
    (tmp_path / NAMES[1]).write_text("-- theirs")
    with pytest.raises(WrongUse, match="is not as momentidx wrote it"):
        install(PLUGINS["resolve"], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [NAMES[1]]


def test_a_record_cannot_name_files_elsewhere(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "other").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    (inner / RECORD).write_text(
        json.dumps({"version": 1, "files": {"../other": empty, str(tmp_path / "other"): empty}})
    )
    assert remove(inner) == ([], [])
    assert (tmp_path / "other").exists()
    (inner / RECORD).write_text("damaged")
    with pytest.raises(MomentidxError, match="cannot be read"):
        remove(inner)


@pytest.mark.parametrize(
    ("platform", "resolve", "blender"),
    [
        ("linux", ".local/share/DaVinciResolve/Fusion/Scripts/Utility", ".config/blender"),
        (
            "darwin",
            "Library/Application Support/Blackmagic Design/DaVinci Resolve/Fusion/Scripts/Utility",
            "Library/Application Support/Blender",
        ),
        (
            "win32",
            "AppData/Roaming/Blackmagic Design/DaVinci Resolve/Support/Fusion/Scripts/Utility",
            "AppData/Roaming/Blender Foundation/Blender",
        ),
    ],
)
def test_each_system_has_its_folders(tmp_path: Path, platform: str, resolve: str, blender: str) -> None:
    assert folders("resolve", tmp_path, platform) == [tmp_path / resolve]
    for version in ("2.93", "4.1", "4.2", "5.0", "config", "4.2-old"):
        (tmp_path / blender / version).mkdir(parents=True)
    assert folders("blender", tmp_path, platform) == [
        tmp_path / blender / version / "extensions/user_default/momentidx_vse" for version in ("4.2", "5.0")
    ]


def test_without_blender_the_message_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MomentidxError, match=r"no Blender 4\.2 or newer"):
        folders("blender", tmp_path, "linux")


def test_blenders_folder_goes_with_its_last_file(tmp_path: Path) -> None:
    folder = tmp_path / "momentidx_vse"
    install(PLUGINS["blender"], folder)
    source = ROOT / "plugins" / "blender" / "momentidx_vse"
    shipped = {path.name for path in source.iterdir() if path.is_file()}
    assert {path.name for path in folder.iterdir()} == shipped | {RECORD}
    remove(folder)
    assert not folder.exists()


def test_an_unknown_name_and_a_folder_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    assert (
        "There is no plug-in 'avid' to install. Plug-ins: resolve, blender." in run("plugins", "install", "avid").stderr
    )
    (tmp_path / "file").write_text("")
    done = run("plugins", "install", "resolve", "--to", tmp_path / "file" / "inner")
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr


def test_the_list_is_the_same_with_and_without_its_name() -> None:
    assert momentidx("plugins", "--json") == momentidx("plugins", "list", "--json")
    assert momentidx("plugins") == momentidx("plugins", "list")


def test_a_wheel_carries_every_file_that_can_be_installed() -> None:
    import tomllib

    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    assert setuptools["package-dir"]["momentidx.plugin_files"] == "plugins"
    assert "momentidx.plugin_files" in setuptools["packages"]
    named = sorted(setuptools["package-data"]["momentidx.plugin_files"])
    assert named == sorted({file for plugin in PLUGINS.values() for file in plugin.files.values()})
