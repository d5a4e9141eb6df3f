"""Intake: what lies in the watched folders, compared with what the library knows, becomes jobs.

The walk over everything is the truth; a glance at the places where something happened only makes
it quicker. Both conclude the same way: a file that is new or changed has to stand still before it
is queued, one that only moved is recognised, and one that is missing is away, never deleted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from momentidx.config import Settings
from momentidx.files import Facts, SeenFile, facts
from momentidx.library import KnownFile, Root, WritableLibrary
from momentidx.pipeline.worker import Stopped
from momentidx.watch.settle import Settling
from momentidx.watch.volumes import LOST_FILES, Found, Standing, identity, judge
from momentidx.watch.walk import Walk, Wanted

AT_ONCE = 2000
"""Files queued in one transaction, so that the worker's own are not kept waiting."""


@dataclass(slots=True)
class _Sight:
    """What was seen of one watched folder."""

    root: Path
    found: dict[str, Facts] = field(default_factory=dict)
    closed: dict[Path, str] = field(default_factory=dict)
    """Folders that could not be looked into, and a sentence about each."""
    expected: dict[str, KnownFile] = field(default_factory=dict)
    """What the library knows of the places that were looked at."""
    missing: list[str] = field(default_factory=list)
    folders: int = 0

    def compare(self) -> None:
        """Find out what is missing: not seen, not in a closed folder, and not there under a name we pass over."""
        closed = tuple(f"{folder}{os.sep}" for folder in self.closed if folder != self.root)
        self.missing = [
            path
            for path in self.expected
            if path not in self.found and not path.startswith(closed) and not _is_file(path)
        ]


class Intake:
    """Looks at watched folders and queues what is new and complete. The clock is passed in; one thread uses it."""

    def __init__(self, library: WritableLibrary, roots: Sequence[Path], settings: Settings) -> None:
        self.library = library
        self.roots = tuple(roots)
        self.settings = settings
        self.settling = Settling(lambda path: self.settings.for_path(path).settle_seconds)
        self.stopped: Callable[[], bool] = lambda: False
        """Asked after a walk, which may take minutes, before anything is concluded from it."""
        self.standing = dict.fromkeys(self.roots, Standing())
        """How each watched folder stood at its last walk ..."""
        self.unreadable: dict[Path, list[str]] = {root: [] for root in self.roots}
        """... and which folders below could not be looked into, as sentences ..."""
        self.folders = dict.fromkeys(self.roots, 0)
        """... and how many could."""

    def look(self, now: float, among: Sequence[Path] | None = None) -> None:
        """Walk everything below these watched folders, or below all."""
        known = self.library.known()
        sights = [self._walk(root, known) for root in (self.roots if among is None else among)]
        if self.stopped():
            raise Stopped
        found = {path for sight in sights for path in sight.found}
        moves = self._moves(sights, {path: file for path, file in known.items() if path not in found})
        roots = {root.path: root for root in self.library.roots()}
        for sight in sights:
            root = roots.get(sight.root) or Root(sight.root)
            standing = self._stand(root, sight, {old for old, _ in moves}, [str(new.path) for _, new in moves])
            self.unreadable[sight.root] = [why for folder, why in sight.closed.items() if folder != sight.root]
            self.standing[sight.root] = standing
            if not standing.take_in:
                sight.missing, sight.found = list(sight.expected), {}
        self._conclude(sights, moves, now)

    def glance(self, paths: Collection[Path], now: float) -> bool:
        """Look at these places only; False when they call for a walk over everything."""
        sights = [self._glimpse(root, paths) for root in self.roots if self.standing[root].take_in]
        known = self.library.known(paths)
        for sight in sights:
            sight.expected = _below(sight.root, known)
            sight.compare()
        new = [found for sight in sights for path, found in sight.found.items() if path not in known]
        moves = self._moves(sights, self.library.known((), inodes=[inode for _, _, _, inode in new])) if new else []
        if sum(len(sight.missing) for sight in sights) - len(moves) > LOST_FILES:
            return False
        self._conclude(sights, moves, now)
        return True

    def settle(self, now: float) -> int:
        """Look again at files that may still grow and queue those that stood still; how many were queued."""
        for path in self.settling.due(now):
            try:
                self.settling.saw([SeenFile.of(path)], now)
            except OSError:  # it went away, or cannot be looked at any more
                self.settling.forget([path])
        ready = self.settling.ready(now)
        parts = (ready[first : first + AT_ONCE] for first in range(0, len(ready), AT_ONCE))
        return sum(len(self.library.enqueue_all(part, priority=self._priority)) for part in parts)

    def _priority(self, path: Path) -> int:
        return self.settings.for_path(path).priority

    def _walk(self, root: Path, known: dict[str, KnownFile]) -> _Sight:
        sight = _Sight(root, expected=_below(root, known))
        self._add(sight, root)
        sight.compare()
        self.folders[root] = sight.folders
        return sight

    def _glimpse(self, root: Path, paths: Iterable[Path]) -> _Sight:
        """What lies at these paths, so far as a walk would come by them."""
        sight, wanted = _Sight(root), Wanted.of(self.settings)
        for path in sorted(
            path for path in paths if wanted.reaches(path, root) and self._ours not in (path, *path.parents)
        ):
            try:
                status = path.lstat()
            except OSError:
                continue
            if stat.S_ISDIR(status.st_mode):
                self._add(sight, path)
            elif stat.S_ISREG(status.st_mode) and wanted.file(path.name):
                sight.found[str(path)] = facts(status)
        return sight

    def _add(self, sight: _Sight, folder: Path) -> None:
        walk = Walk(folder, Wanted.of(self.settings), passed_over=frozenset({self._ours}))
        sight.found.update(walk.listing())
        sight.closed |= walk.unreadable
        sight.folders += walk.folders

    @property
    def _ours(self) -> Path:
        return self.library.folder

    def _moves(self, sights: Sequence[_Sight], known: dict[str, KnownFile]) -> list[tuple[str, SeenFile]]:
        """Files that have a new place: the old path, and the file as it is now.

        A file keeps its number, size and modification time when it is renamed, and when its volume is
        mounted elsewhere; and its old path has to be free of it. Nothing is read for that.
        """
        fresh = [(path, found) for sight in sights for path, found in sight.found.items() if path not in sight.expected]
        if not fresh:
            return []
        left = {_mark(file.facts): path for path, file in known.items()}
        moves = []
        for path, found in fresh:
            old = left.get(_mark(found))
            if old is not None and found[0] > 0 and old != path and _left(old, path):
                del left[_mark(found)]
                moves.append((old, SeenFile(Path(path), *found)))
        return moves

    def _stand(self, root: Root, sight: _Sight, left: Collection[str], arrived: Sequence[str]) -> Standing:
        """Judge how a watched folder stands after a walk, and keep it in the library when that is news."""
        held = root.files if root.offline else sum(known.online for known in sight.expected.values())
        held -= sum(path in left for path in sight.expected)
        try:
            volume = identity(root.path)
        except OSError:
            volume, standing = "", Standing("it is not there", take_in=False)
        else:
            here = (path for path in sight.found if path in sight.expected)
            if volume != root.volume:  # a stranger's file may well have the same name
                here = (path for path in here if sight.found[path][:2] == sight.expected[path].facts[:2])
            present = sum(1 for _ in here) + sum(path in sight.found for path in arrived)
            standing = judge(Found(volume, root.volume, len(sight.found), present, held))
            if root.path in sight.closed:
                standing = Standing("it cannot be looked into", take_in=False)
        if standing.away is None:
            now = Root(root.path, volume)
        else:
            since = root.offline_since or datetime.now(UTC)
            now = replace(root, files=held, offline=standing.away, offline_since=since)
        if now != root:
            self.library.note_root(now)
        return standing

    def _conclude(self, sights: Sequence[_Sight], moves: Sequence[tuple[str, SeenFile]], now: float) -> None:
        """Tell the library what moved, came back and is missing; let the rest settle."""
        here = {path for sight in sights for path in sight.found}
        moves = [(old, new) for old, new in moves if str(new.path) in here]
        if moves:
            self.library.relocate([(Path(old), new) for old, new in moves])
        moved = {old for old, _ in moves} | {str(new.path) for _, new in moves}
        back, gone = [], []
        for sight in sights:
            gone += [Path(path) for path in sight.missing if sight.expected[path].online and path not in moved]
            fresh = []
            for path, found in sight.found.items():
                known = sight.expected.get(path)
                if known is None or known.facts != found:
                    if path not in moved:
                        fresh.append(SeenFile(Path(path), *found))
                elif not known.online:
                    back.append(Path(path))
            self.settling.saw(fresh, now)
            self.settling.forget([Path(path) for path in sight.missing])
        if back or gone:
            self.library.mark(online=back, offline=gone)


def _below(root: Path, known: dict[str, KnownFile]) -> dict[str, KnownFile]:
    start = f"{root}{os.sep}"
    return {path: file for path, file in known.items() if path.startswith(start)}


def _mark(found: Facts) -> tuple[int, int, int]:
    """What of a file stays the same when it is renamed: size, modification time and number."""
    size, mtime_ns, _, inode = found
    return size, mtime_ns, inode


def _is_file(path: str) -> bool:
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except OSError:
        return False


def _left(old: str, new: str) -> bool:
    """Whether nothing is at the old path any more, or only another spelling of the new one (`a.mov`, `A.mov`)."""
    try:
        there = os.lstat(old)
        return there.st_nlink == 1 and os.path.samestat(there, os.lstat(new))
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
