"""A DaVinci Resolve that only writes down what it is asked; the twin of `fake_resolve.lua`."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any


class Item:
    """A clip of the media pool."""

    def __init__(self, path: str) -> None:
        self.path = path

    def GetClipProperty(self, name: str) -> str:  # noqa: N802
        return self.path if name == "File Path" else ""


class Placed:
    """A clip on a timeline."""

    def __init__(self, start: int, length: int) -> None:
        self.start, self.length = start, length

    def GetStart(self, subframe_precision: bool) -> int:  # noqa: ARG002, N802
        return self.start

    def GetDuration(self, subframe_precision: bool) -> int:  # noqa: ARG002, N802
        return self.length


class Folder:
    def __init__(self, clips: list[Item], inner: list[Folder]) -> None:
        self.clips, self.inner = clips, inner

    def GetClipList(self) -> list[Item]:  # noqa: N802
        return self.clips

    def GetSubFolderList(self) -> list[Folder]:  # noqa: N802
        return self.inner


class Timeline:
    """Its frames start at 90000, as at one hour and 25 frames a second; `marked` is a frame that has a marker."""

    def __init__(self, resolve: Resolve, name: str) -> None:
        self.resolve, self.name = resolve, name

    def GetName(self) -> str:  # noqa: N802
        return self.name

    def GetSetting(self, name: str) -> str:  # noqa: N802
        assert name == "timelineFrameRate"
        return self.resolve.options.get("rate", "25")

    def GetStartFrame(self) -> int:  # noqa: N802
        return 90000

    def AddMarker(self, frame: int, colour: str, name: str, note: str, length: int, data: str) -> bool:  # noqa: N802
        if str(frame) == self.resolve.options.get("marked"):
            return False
        self.resolve.calls.append(f"marker {frame} {colour} [{name}] [{note}] {length} {data}")
        return True

    def UpdateMarkerCustomData(self, frame: int, data: str) -> bool:  # noqa: N802
        self.resolve.calls.append(f"data {frame} {data}")
        return True


class Resolve:
    """The program, its project manager, its project and its media pool in one."""

    def __init__(self, **options: str) -> None:
        self.options = options
        self.calls: list[str] = []
        self.length = 1000

    def GetProjectManager(self) -> Resolve:  # noqa: N802
        return self

    def GetCurrentProject(self) -> Resolve:  # noqa: N802
        return self

    def GetMediaPool(self) -> Resolve:  # noqa: N802
        return self

    def GetCurrentTimeline(self) -> Timeline | None:  # noqa: N802
        return None if self.options.get("open") == "no" else Timeline(self, "Cut")

    def GetTimelineCount(self) -> int:  # noqa: N802
        return 2

    def GetTimelineByIndex(self, index: int) -> Timeline:  # noqa: N802
        return Timeline(self, {1: "Cut", 2: self.options.get("name", "Old")}[index])

    def GetRootFolder(self) -> Folder:  # noqa: N802
        known = self.options.get("known")
        return Folder([], [Folder([Item(known)] if known else [], [])])

    def ImportMedia(self, paths: list[str]) -> list[Item]:  # noqa: N802
        if "offline" in self.options:
            return []
        self.calls.append(f"import {paths[0]}")
        return [Item(paths[0])]

    def ImportTimelineFromFile(self, path: str, options: dict[str, Any]) -> Timeline | None:  # noqa: N802
        if "refuse" in self.options:
            return None
        wanted = f"[{options['timelineName']}] {str(options['importSourceClips']).lower()}"
        self.calls.append(f"timeline {PurePath(path).name} {wanted}")
        return Timeline(self, options["timelineName"])

    def AppendToTimeline(self, clips: list[dict[str, Any]]) -> list[Placed]:  # noqa: N802
        (clip,), start = clips, self.length
        name = PurePath(clip["mediaPoolItem"].path).name
        self.calls.append(f"append {name} {clip['startFrame']}-{clip['endFrame']}")
        length = clip["endFrame"] - clip["startFrame"] + 1 - int(self.options.get("short", 0))
        self.length += length
        return [Placed(90000 + start, length)]
