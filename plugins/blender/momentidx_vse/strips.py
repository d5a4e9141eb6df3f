"""What momentidx exported for Blender (`momentidx export --to blender`), and where its strips go. Without `bpy`.

The file is JSON, `format` "momentidx-blender", `version` 1. All positions are whole frames: of a source from
its first picture, of a scene from the first strip; ends are exclusive. Blender plays one source frame for each
frame of the scene, so a file holds footage of one frame rate and says which.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FORMAT, VERSION = "momentidx-blender", 1
SEARCH_SECONDS = 120
HELLO_SECONDS = 3
LIBRARIES = {
    "darwin": "~/Library/Application Support/momentidx",
    "win32": "~/AppData/Local/momentidx",
    "linux": "~/.local/share/momentidx",
}
"""Where momentidx keeps its library, unless it was told otherwise."""


class Refused(Exception):
    """Something that the person at the screen can understand and act on."""


@dataclass(frozen=True)
class Strip:
    """One moment."""

    name: str
    path: str
    caption: str
    moment: int | None
    """Its number in the library."""
    source_start: int
    source_end: int
    record_start: int
    sound: bool
    remark: str = ""
    """What a person made of it."""
    alternates: tuple[Strip, ...] = ()
    """Other takes for the same place, the better one first; they do not play."""

    @property
    def length(self) -> int:
        return self.source_end - self.source_start


@dataclass(frozen=True)
class Selects:
    """One exported file."""

    name: str
    fps: int
    fps_base: float
    width: int
    height: int
    strips: tuple[Strip, ...]
    markers: tuple[tuple[int, str], ...]
    """Frame of the scene, from the first strip, and text."""

    @property
    def rate(self) -> float:
        return self.fps / self.fps_base

    def chosen(self, numbers: Iterable[int]) -> Selects:
        """Some of the strips, one after the other, with the markers that lie in them."""
        strips, markers, record = [], [], 0
        for number in numbers:
            strip = self.strips[number]
            end = strip.record_start + strip.length
            markers += [
                (record + frame - strip.record_start, text)
                for frame, text in self.markers
                if strip.record_start <= frame < end
            ]
            others = tuple(Strip(**{**vars(other), "record_start": record}) for other in strip.alternates)
            strips.append(Strip(**{**vars(strip), "record_start": record, "alternates": others}))
            record += strip.length
        return Selects(**{**vars(self), "strips": tuple(strips), "markers": tuple(markers)})


def read(file: Path) -> Selects:
    """Raises Refused."""
    try:
        return parse(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"{file} was not made by 'momentidx export --to blender'") from error


def parse(facts: dict[str, Any]) -> Selects:
    """Raises Refused for a newer version, and what a wrong shape raises."""
    if facts["format"] != FORMAT:
        raise ValueError(facts["format"])
    if facts["version"] != VERSION:
        raise Refused(
            f"The file has version {facts['version']} of the format; update the add-on, which reads {VERSION}"
        )
    scene = facts["scene"]
    return Selects(
        str(facts["name"]),
        int(scene["fps"]),
        float(scene["fps_base"]),
        int(scene["width"]),
        int(scene["height"]),
        tuple(map(_strip, facts["strips"])),
        tuple((int(marker["frame"]), str(marker["name"])) for marker in facts["markers"]),
    )


def _strip(facts: dict[str, Any]) -> Strip:
    strip = Strip(
        str(facts["name"]),
        str(facts["path"]),
        str(facts["caption"]),
        facts["moment"],
        int(facts["source_start"]),
        int(facts["source_end"]),
        int(facts["record_start"]),
        bool(facts["sound"]),
        str(facts.get("remark", "")),
        tuple(map(_strip, facts.get("alternates", ()))),
    )
    if not 0 <= strip.source_start < strip.source_end or facts["record_end"] - strip.record_start != strip.length:
        raise ValueError(strip)
    return strip


@dataclass(frozen=True)
class Server:
    """A momentidx that runs (`momentidx watch` or `serve`), asked over HTTP."""

    url: str
    token: str

    def ask(self, path: str, body: Any = None, seconds: float = SEARCH_SECONDS) -> bytes:
        """An answer of its API. Raises Refused."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {self.token}"})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=seconds) as answer:
                found: bytes = answer.read()
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise Refused(_said(error.read(), error.code)) from error
        except OSError as error:
            raise Refused(f"momentidx does not answer at {self.url}") from error

    def search(self, words: str, limit: int) -> list[Selects]:
        """The best moments, in a file for each frame rate. Raises Refused."""
        if not words.strip():
            raise Refused("Say what happens in the moments you look for")
        return self._export({"query": words}, limit)

    def newest_bin(self) -> list[Selects]:
        """What is in the bin that something was put into last. Raises Refused."""
        bins = json.loads(self.ask("/api/v1/selects"))
        if not bins:
            raise Refused("There is no bin yet: choose moments on momentidx's page first")
        return self._export({"selects": max(bins, key=lambda bin: bin["added_at"])["bin"]}, None)

    def picture(self, strip: Strip) -> bytes | None:
        """A JPEG of its moment, where there is one."""
        try:
            return None if strip.moment is None else self.ask(f"/api/v1/events/{strip.moment}/still", None, 20)
        except Refused:
            return None

    def _export(self, what: dict[str, str], limit: int | None) -> list[Selects]:
        wanted = {"what": what, "to": ["blender"], "options": {"limit": limit}}
        files = json.loads(self.ask("/api/v1/exports", wanted))["files"]
        found = [parse(json.loads(self.ask(file["url"]))) for file in files]
        return sorted(found, key=lambda selects: -len(selects.strips))


def _said(answer: bytes, status: int) -> str:
    try:
        return str(json.loads(answer)["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return f"momentidx refused with status {status}"


def running(library: str, url: str = "", token: str = "") -> Server | None:
    """The momentidx at an address, else the one whose library folder says where it runs; None when none answers."""
    server = Server(url.rstrip("/"), token) if url else None
    if server is None:
        data = os.environ.get("XDG_DATA_HOME") if sys.platform == "linux" else None
        own = f"{data}/momentidx" if data else LIBRARIES.get(sys.platform, LIBRARIES["linux"])
        try:
            told = json.loads((Path(library or own).expanduser() / "web.json").read_text(encoding="utf-8"))
            server = Server(told["url"], told["token"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
    try:
        server.ask("/api/v1/health", None, HELLO_SECONDS)
    except Refused:
        return None
    return server


def search(command: str, library: str, words: str, limit: int) -> list[Selects]:
    """Ask momentidx, which answers with a file for each frame rate; best moments first. Raises Refused."""
    if not words.strip():
        raise Refused("Say what happens in the moments you look for")
    with tempfile.TemporaryDirectory(prefix="momentidx-") as folder:
        call = [command, "export", "--query", words, "--to", "blender", "--limit", str(limit)]
        call += ["--output", str(Path(folder) / "found.json"), *(["--library", library] if library else [])]
        try:
            done = subprocess.run(call, capture_output=True, text=True, timeout=SEARCH_SECONDS, check=False)
        except OSError as error:
            raise Refused(
                f"'{command}' cannot be run ({error.strerror}): set it in the add-on's preferences"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise Refused(f"momentidx did not answer within {SEARCH_SECONDS} seconds") from error
        if done.returncode:
            raise Refused(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "momentidx failed")
        return sorted((read(file) for file in Path(folder).glob("*.json")), key=lambda found: -len(found.strips))


class Pictures:
    """A picture of each strip, made or fetched while Blender goes on.

    `fetch` asks a running momentidx; without it the command makes pictures of the middles, file by file.
    """

    def __init__(
        self, command: str, strips: Iterable[Strip], fetch: Callable[[Strip], bytes | None] | None = None
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="momentidx-pictures-", ignore_cleanup_errors=True)
        self._made: queue.SimpleQueue[tuple[Strip, Path] | None] = queue.SimpleQueue()
        self._stopped = threading.Event()
        self.working = True
        files: dict[str, list[Strip]] = {}
        for strip in strips:
            files.setdefault(strip.path, []).append(strip)
        work = (self._make, (command, files)) if fetch is None else (self._fetch, (fetch, files))
        threading.Thread(target=work[0], args=work[1], daemon=True).start()

    def new(self) -> list[tuple[Strip, Path]]:
        """What was made since this was last asked."""
        found = []
        while not self._made.empty():
            made = self._made.get()
            if made is None:
                self.working = False
            else:
                found.append(made)
        return found

    def stop(self) -> None:
        """Make no more, and remove what was made."""
        self._stopped.set()
        self.working = False
        self._folder.cleanup()

    def _fetch(self, fetch: Callable[[Strip], bytes | None], files: dict[str, list[Strip]]) -> None:
        for number, strip in enumerate(strip for strips in files.values() for strip in strips):
            if self._stopped.is_set():
                return
            if (jpeg := fetch(strip)) is not None:
                picture = Path(self._folder.name) / f"{number}.jpg"
                try:
                    picture.write_bytes(jpeg)
                except OSError:  # stopped meanwhile
                    return
                self._made.put((strip, picture))
        self._made.put(None)

    def _make(self, command: str, files: dict[str, list[Strip]]) -> None:
        for number, (path, strips) in enumerate(files.items()):
            if self._stopped.is_set():
                return
            frames = [(strip.source_start + strip.source_end) // 2 for strip in strips]
            call = [command, "frames", path, "--at", ",".join(f"{frame}f" for frame in frames)]
            call += ["--output", str(Path(self._folder.name) / str(number))]
            try:
                done = subprocess.run(call, capture_output=True, text=True, timeout=SEARCH_SECONDS, check=False)
            except (OSError, subprocess.TimeoutExpired):
                continue
            for strip, picture in zip(strips, done.stdout.splitlines(), strict=False):
                self._made.put((strip, Path(picture)))
        self._made.put(None)


def free_channel(taken: Sequence[tuple[int, int, int]], start: int, end: int, rows: int) -> int:
    """The lowest channel where `rows` channels on top of each other are free from `start` to `end`.

    `taken` holds channel, first frame and end of every strip of the scene.
    """
    busy = {channel for channel, first, after in taken if first < end and start < after}
    return next(
        channel for channel in range(1, len(busy) * rows + 2) if not busy.intersection(range(channel, channel + rows))
    )
