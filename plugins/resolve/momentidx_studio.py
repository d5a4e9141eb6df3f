#!/usr/bin/env python3
"""momentidx in DaVinci Resolve Studio: selects become a timeline, or the end of the open one.

In Resolve's menu Workspace > Scripts it imports the newest export; from a terminal, while Resolve runs:

    python3 momentidx_studio.py                      import the newest files of MOMENTIDX_EXPORTS or ~/momentidx
    python3 momentidx_studio.py --append             put their clips at the end of the open timeline
    python3 momentidx_studio.py [--append] FILE...   the same with these files
    python3 momentidx_studio.py [--append] --bin     ... with the bin that something was put into last
    python3 momentidx_studio.py [--append] --bin "Day 1"
    python3 momentidx_studio.py [--append] --query "a red door opens"

For the last three momentidx itself is asked over HTTP: where it runs and what opens it stands in `web.json` of the
library that MOMENTIDX_LIBRARY names, else of yours. The files are what `momentidx export --to resolve` writes. Every
marker carries the moment's number as custom data (`momentidx:41`). The free edition runs `momentidx.lua` instead: it
has no Python.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fusionscript import Folder, MediaPoolItem, Project, Resolve, Timeline

SAME_EXPORT_SECONDS = 60
"""Files of one export, one for each frame rate, are written within a minute."""
MODULES = {
    "darwin": "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting/Modules",
    "win32": r"%PROGRAMDATA%\Blackmagic Design\DaVinci Resolve\Support\Developer\Scripting\Modules",
    "linux": "/opt/resolve/Developer/Scripting/Modules",
}
"""Where Resolve's installer puts its Python module."""


LIBRARIES = {
    "darwin": "~/Library/Application Support/momentidx",
    "win32": "~/AppData/Local/momentidx",
    "linux": "~/.local/share/momentidx",
}
"""Where momentidx keeps its library, unless it was told otherwise."""
ANSWER_SECONDS = 120


class Refused(Exception):
    """Something that the person at the keyboard can understand and act on."""


@dataclass(frozen=True)
class Clip:
    """What one clip plays, in frames from its file's first picture."""

    path: str
    first: int
    length: int
    record: int
    """First frame on the timeline."""
    rate: float


@dataclass(frozen=True)
class Mark:
    """A caption on the timeline's ruler."""

    frame: int
    length: int
    name: str
    note: str
    data: str


@dataclass(frozen=True)
class Selects:
    """One exported file."""

    file: Path
    name: str
    clips: tuple[Clip, ...]
    marks: tuple[Mark, ...]


def read_selects(file: Path) -> Selects:
    """Read a timeline that momentidx exported for Resolve. Raises Refused."""
    try:
        timeline = json.loads(file.read_text(encoding="utf-8"))
        timeline["metadata"]["momentidx"]
        items = timeline["tracks"]["children"][0]["children"]
        return Selects(file, timeline["name"], tuple(_clips(items)), tuple(map(_mark, timeline["tracks"]["markers"])))
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise Refused(
            f"{file} is not a timeline of momentidx. Export it with: momentidx export ... --to resolve"
        ) from error


def _clips(items: Sequence[dict[str, Any]]) -> Iterator[Clip]:
    record = 0
    for item in items:
        start, length = _frames(item["source_range"])
        if item["OTIO_SCHEMA"].startswith("Clip"):
            reference = item["media_references"][item["active_media_reference_key"]]
            available = reference["available_range"]
            zero, _ = _frames(available)
            yield Clip(reference["target_url"], start - zero, length, record, available["duration"]["rate"])
        record += length


def _mark(marker: dict[str, Any]) -> Mark:
    frame, length = _frames(marker["marked_range"])
    data = marker["metadata"].get("momentidx", {}).get("customData", "")
    return Mark(frame, length, marker["name"], marker.get("comment") or "", data)


def _frames(span: dict[str, Any]) -> tuple[int, int]:
    return round(span["start_time"]["value"]), round(span["duration"]["value"])


def newest(folder: Path) -> list[Path]:
    """The files of the latest export: the newest, and what was written within a minute of it."""
    files = {file: file.stat().st_mtime for file in folder.glob("*.otio")}
    latest = max(files.values(), default=0.0)
    return sorted(file for file, time in files.items() if latest - time <= SAME_EXPORT_SECONDS)


@dataclass(frozen=True)
class Server:
    """A momentidx that runs."""

    url: str
    token: str

    @classmethod
    def running(cls) -> Server:
        """The one of the library. Raises Refused."""
        data = os.environ.get("XDG_DATA_HOME") if sys.platform == "linux" else None
        own = f"{data}/momentidx" if data else LIBRARIES.get(sys.platform, LIBRARIES["linux"])
        file = Path(os.environ.get("MOMENTIDX_LIBRARY") or own).expanduser() / "web.json"
        try:
            told = json.loads(file.read_text(encoding="utf-8"))
            return cls(told["url"], told["token"])
        except (OSError, ValueError, KeyError) as error:
            raise Refused(
                f"momentidx does not run ({file} names no address). Start it: momentidx watch, or momentidx serve."
            ) from error

    def ask(self, path: str, body: Any = None) -> bytes:
        """An answer of the API. Raises Refused."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=ANSWER_SECONDS) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(json.loads(error.read())["error"]["message"]) from error
        except OSError as error:
            raise Refused(f"momentidx does not answer at {self.url}. Start it: momentidx watch.") from error

    def newest_bin(self) -> str:
        """The one that something was put into last. Raises Refused when there is none."""
        bins = json.loads(self.ask("/api/v1/selects"))
        if not bins:
            raise Refused("There is no bin yet. Choose moments in momentidx first.")
        return str(max(bins, key=lambda bin: bin["added_at"])["bin"])

    def export(self, what: dict[str, str], folder: Path) -> list[Path]:
        """Have moments exported for Resolve; the files. Raises Refused."""
        told = json.loads(self.ask("/api/v1/exports", {"what": what, "to": ["otio-resolve"]}))
        for file in told["files"]:
            (folder / file["name"]).write_bytes(self.ask(file["url"]))
        return [folder / file["name"] for file in told["files"]]


def import_selects(project: Project, selects: Selects) -> str:
    """Make a timeline of its own; the name it got. Raises Refused."""
    name = _free_name(project, selects.name)
    timeline = project.GetMediaPool().ImportTimelineFromFile(
        str(selects.file), {"timelineName": name, "importSourceClips": True}
    )
    if not timeline:
        raise Refused(f"Resolve did not import {selects.file}. Check that its footage is online.")
    for mark in selects.marks:
        _add_marker(timeline, mark.frame, mark)
    return name


def append_selects(project: Project, selects: Selects) -> list[str]:
    """Put the clips at the end of the open timeline; what Resolve did differently. Raises Refused."""
    timeline, pool = project.GetCurrentTimeline(), project.GetMediaPool()
    if not timeline:
        raise Refused("No timeline is open. Open one, or leave --append away.")
    rate = float(timeline.GetSetting("timelineFrameRate"))
    for clip in selects.clips:
        if abs(clip.rate - rate) > 0.01:
            raise Refused(
                f"The open timeline has {rate:g} frames a second and {clip.path} has {clip.rate:g}. "
                "Leave --append away, or open a timeline of that rate."
            )
    media = _known_media(pool.GetRootFolder())
    for path in dict.fromkeys(clip.path for clip in selects.clips):
        if path not in media:
            imported = pool.ImportMedia([path])
            if not imported:
                raise Refused(f"{path} cannot be imported. Connect its drive.")
            media[path] = imported[0]
    notes = []
    for number, clip in enumerate(selects.clips, start=1):
        # Source frames count from the first picture, and the last one is meant.
        items = pool.AppendToTimeline(
            [{"mediaPoolItem": media[clip.path], "startFrame": clip.first, "endFrame": clip.first + clip.length - 1}]
        )
        if not items:
            raise Refused(f"Resolve did not append clip {number} ({clip.path}).")
        if (length := items[0].GetDuration(False)) != clip.length:
            notes.append(f"Clip {number} has {length} frames instead of {clip.length}.")
        start = round(items[0].GetStart(False)) - timeline.GetStartFrame()
        for mark in selects.marks:
            if clip.record <= mark.frame < clip.record + clip.length:
                _add_marker(timeline, start + mark.frame - clip.record, mark)
    return notes


def _add_marker(timeline: Timeline, frame: int, mark: Mark) -> None:
    # An import may have brought the marker already; only its custom data is missing then.
    if not timeline.AddMarker(frame, "Green", mark.name, mark.note, mark.length, mark.data):
        timeline.UpdateMarkerCustomData(frame, mark.data)


def _free_name(project: Project, name: str) -> str:
    """Resolve makes no timeline, and says nothing, when the name is taken."""
    taken = {project.GetTimelineByIndex(index + 1).GetName() for index in range(project.GetTimelineCount())}
    names = [name, *(f"{name} {number}" for number in range(2, len(taken) + 2))]
    return next(free for free in names if free not in taken)


def _known_media(folder: Folder) -> dict[str, MediaPoolItem]:
    """The clips of the media pool by the path of their file."""
    found = {str(item.GetClipProperty("File Path")): item for item in folder.GetClipList()}
    for inner in folder.GetSubFolderList():
        found |= _known_media(inner)
    return found


def connect() -> Resolve:
    """The running Resolve. Raises Refused."""
    if "resolve" in globals():  # run from Resolve's own menu
        return globals()["resolve"]
    sys.path.append(os.path.expandvars(MODULES.get(sys.platform, MODULES["linux"])))
    try:
        running = import_module("DaVinciResolveScript").scriptapp("Resolve")
    except ImportError as error:
        raise Refused(f"Resolve's Python module is not installed here: {error}.") from error
    if running is None:
        raise Refused("Resolve does not answer. Start Studio and allow scripting in Preferences > System > General.")
    return running


def main(arguments: Sequence[str], running: Resolve | None = None) -> int:
    """Import or append, and say what was done; the exit code."""
    parser = argparse.ArgumentParser(description="Bring momentidx's selects into DaVinci Resolve Studio.")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="what momentidx exported; else the newest")
    parser.add_argument(
        "--bin", nargs="?", const="", metavar="NAME", help="a bin of a running momentidx; else the newest"
    )
    parser.add_argument("--query", metavar="WORDS", help="the moments that answer it best, of a running momentidx")
    parser.add_argument("--append", action="store_true", help="put the clips at the end of the open timeline")
    options = parser.parse_args(arguments)
    folder = Path(os.environ.get("MOMENTIDX_EXPORTS") or Path.home() / "momentidx")
    try:
        with ExitStack() as held:
            if options.query or options.bin is not None:
                server = Server.running()
                what = {"query": options.query} if options.query else {"selects": options.bin or server.newest_bin()}
                fetched = held.enter_context(tempfile.TemporaryDirectory(prefix="momentidx-"))
                files = server.export(what, Path(fetched))
            else:
                files = options.files or newest(folder)
            if not files:
                raise Refused(f"There is no export in {folder}. Write one: momentidx export ... --to resolve")
            project = (running or connect()).GetProjectManager().GetCurrentProject()
            if not project:
                raise Refused("No project is open.")
            for file in files:
                _bring(project, read_selects(file), append=options.append)
    except Refused as error:
        print(f"momentidx: {error}", file=sys.stderr)
        return 1
    return 0


def _bring(project: Project, selects: Selects, *, append: bool) -> None:
    if append:
        for note in append_selects(project, selects):
            print(f"momentidx: {note}")
        print(f"momentidx: appended {len(selects.clips)} clips.")
    else:
        name = import_selects(project, selects)
        print(f"momentidx: made the timeline '{name}' of {len(selects.clips)} clips.")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
