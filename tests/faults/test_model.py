"""A folder where anything happens in any order, against a model of what the library must hold then."""

from __future__ import annotations

import os
import shutil
import struct
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from momentidx.config import Settings
from momentidx.events import Event
from momentidx.footage import Footage
from momentidx.library import WritableLibrary
from momentidx.media.child import Decoder
from momentidx.media.frames import FrameSource
from momentidx.media.identity import fingerprint
from momentidx.pipeline.intake import Intake
from momentidx.pipeline.tools import Tools
from momentidx.pipeline.worker import work
from tests.faults.running import sound
from tests.pipeline.scripted import Hashed, Scripted, halves

NAMES = st.sampled_from(["a.mov", "b.mov", "c.mov", "inner/d.mov", "inner/e.mov", "PRIVATE/f.mov"])
CONTENTS = st.integers(0, 4)
DAY = 86_400.0
"""Seconds that pass before everything stood still, whatever was waited for."""


class Dead(BaseException):
    """The process ends here, and nobody tidies up."""


class Folder(RuleBasedStateMachine):
    """What people and copy tools do to a folder, and what happens to the process meanwhile."""

    clip: bytes
    decoder: Decoder

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="model"))
        self.root, self.unplugged = self.place / "card", self.place / "unplugged"
        self.root.mkdir()
        self.now = 0.0
        self.whole: dict[str, int] = {}
        """The model: the content of every file that is there and whole ..."""
        self.growing: dict[str, int] = {}
        """... what a file will hold of which only a part is there yet ..."""
        self.plugged = True
        self.kills = 0
        """... and how often in a row the process was killed."""
        self.described: Counter[str] = Counter()
        self.dying = False
        self.start()

    def start(self) -> None:
        self.library = WritableLibrary.open(self.place / "library")
        values = Settings(settle_seconds=1, captioners=("scripted",), decode_threads=1)
        self.tools = Tools(values, (Scripted(self.describe),), Hashed(), self.decoder)
        self.library.plan(self.tools.wanted)
        self.intake = Intake(self.library, [self.root], values)

    def describe(self, footage: Footage, frames: FrameSource) -> Sequence[Event]:
        if self.dying:
            raise Dead
        self.described[footage.fingerprint] += 1
        return halves(footage, frames)

    def content(self, number: int) -> bytes:
        """Contents differ in a box that players pass over, and not in size."""
        return self.clip + struct.pack(">I4sI", 12, b"free", number)

    @property
    def names(self) -> dict[str, int]:
        return self.whole | self.growing

    @precondition(lambda self: self.plugged)
    @rule(name=NAMES, number=CONTENTS)
    def create(self, name: str, number: int) -> None:
        path = self.root / name
        path.parent.mkdir(exist_ok=True)
        path.unlink(missing_ok=True)
        path.write_bytes(self.content(number))
        self.growing.pop(name, None)
        self.whole[name] = number

    @precondition(lambda self: self.plugged)
    @rule(name=NAMES, number=CONTENTS, part=st.fractions(Fraction(1, 10), Fraction(9, 10)))
    def begin_a_copy(self, name: str, number: int, part: Fraction) -> None:
        path, content = self.root / name, self.content(number)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content[: int(len(content) * part)])
        self.whole.pop(name, None)
        self.growing[name] = number

    @precondition(lambda self: self.plugged and self.growing)
    @rule(data=st.data())
    def end_a_copy(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.growing)))
        number = self.growing.pop(name)
        path = self.root / name
        with path.open("ab") as copy:
            copy.write(self.content(number)[path.stat().st_size :])
        self.whole[name] = number

    @precondition(lambda self: self.plugged and self.names)
    @rule(data=st.data(), new=NAMES)
    def rename(self, data: st.DataObject, new: str) -> None:
        old = data.draw(st.sampled_from(sorted(self.names)))
        (self.root / new).parent.mkdir(exist_ok=True)
        (self.root / old).rename(self.root / new)
        for kept in (self.whole, self.growing):
            if old in kept:
                number = kept.pop(old)
                self.whole.pop(new, None)
                self.growing.pop(new, None)
                kept[new] = number
                break

    @precondition(lambda self: self.plugged and self.whole)
    @rule(data=st.data(), number=CONTENTS)
    def replace_with_the_same_size_and_time(self, data: st.DataObject, number: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.whole)))
        path = self.root / name
        times = path.stat()
        path.write_bytes(self.content(number))
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        self.whole[name] = number
        # Renamed as well before anybody looks, it could not be told from a file that only moved.
        self.look()

    @precondition(lambda self: self.plugged and self.names)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.names)))
        (self.root / name).unlink()
        self.whole.pop(name, None)
        self.growing.pop(name, None)

    @precondition(lambda self: self.plugged)
    @rule(mount_point_stays=st.booleans())
    def unplug(self, mount_point_stays: bool) -> None:
        self.root.rename(self.unplugged)
        if mount_point_stays:
            self.root.mkdir()
        self.plugged = False

    @precondition(lambda self: not self.plugged)
    @rule()
    def plug_in(self) -> None:
        if self.root.exists():
            self.root.rmdir()
        self.unplugged.rename(self.root)
        self.plugged = True

    @rule()
    def look(self) -> None:
        self.now += 1
        self.intake.look(self.now)

    @rule()
    def glance(self) -> None:
        self.now += 1
        self.intake.glance([self.root / name for name in ("a.mov", "b.mov", "c.mov", "inner", "PRIVATE")], self.now)

    @rule(seconds=st.sampled_from([0.5, 2.0, DAY]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.intake.settle(self.now)

    @rule()
    def index_one(self) -> None:
        next(work(self.library, self.tools), None)

    @precondition(lambda self: self.kills < 2)  # three times in a row, and the file is given up
    @rule()
    def kill(self) -> None:
        self.kills += 1
        self.dying = True
        with suppress(Dead):
            next(work(self.library, self.tools), None)
        self.dying = False
        self.library._held.close()  # the locks go with the process, and nothing is given back
        self.start()

    @rule()
    def check(self) -> None:
        """Let everything come to rest, and compare."""
        self.look()
        self.wait(DAY)
        list(work(self.library, self.tools))
        self.look()
        self.kills = 0
        expected = {str(self.root / name): self.mark(name) for name in self.whole} if self.plugged else {}
        known = self.library.known()
        there = {path for path, file in known.items() if file.online}
        partly = {str(self.root / name) for name in self.growing} if self.plugged else set()
        assert there == expected.keys() | partly
        shown = {
            str(place.path): summary.footage.fingerprint
            for summary in self.library.footage()
            for place in summary.locations
            if place.online
        }
        assert {path: mark for path, mark in shown.items() if path not in partly} == expected
        for summary in self.library.footage():
            (layer,) = summary.layers
            assert (layer.layer.captioner, layer.events) == ("scripted", 2)
        failed = {str(failed.path) for failed in self.library.status().failures}
        assert failed <= partly | (known.keys() - there), "only what is not whole, or away, may have failed"
        assert self.library.status().pending_files == 0
        assert set(self.described.values()) <= {1}, "described again without need"
        sound(self.library.folder)

    def mark(self, name: str) -> str:
        return fingerprint(self.root / name)

    def teardown(self) -> None:
        try:
            self.check()
        finally:
            self.library.close()
            shutil.rmtree(self.place)


@pytest.fixture
def machine(clips: list[Path], decoder: Decoder) -> type[Folder]:
    class Clips(Folder):
        pass

    Clips.clip, Clips.decoder = clips[0].read_bytes(), decoder
    return Clips


def run(machine: Callable[[], Folder], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def test_whatever_happens_in_whatever_order_the_library_holds_what_it_must(machine: type[Folder]) -> None:
    run(machine, examples=6, steps=15)


@pytest.mark.slow
def test_so_it_does_in_many_long_histories(machine: type[Folder], figure: Callable[[str], None]) -> None:
    run(machine, examples=100, steps=40)
    figure("100 histories of up to 40 steps, none that the model did not foresee")
