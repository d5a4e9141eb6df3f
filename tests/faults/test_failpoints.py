"""Row 1: the process is killed once at every failpoint, and the library becomes what it would have been."""

from __future__ import annotations

import ast
import shutil
import signal
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from momentidx.errors import WrongUse
from momentidx.failpoints import POINTS, TRAINING, TRANSACTIONS, VARIABLE, armed
from tests.faults.running import ROOT, Nursery, Program, same
from tests.faults.scenes import SCENES, Scene, Stage

SOURCES = [*(ROOT / "momentidx").rglob("*.py"), *(ROOT / "migrations").rglob("*.py")]


class Theatre:
    """Every scene played once without a fault: the stage as it was before, the dump after, and the points passed."""

    def __init__(self, nursery: Nursery, clips: list[Path], folder: Path) -> None:
        self._nursery, self._clips, self._folder = nursery, clips, folder
        self._set: dict[tuple[object, ...], Path] = {}
        self.before: dict[str, Stage] = {}
        self.after: dict[str, list[str]] = {}
        self.passes: dict[str, list[str]] = defaultdict(list)
        for name, scene in SCENES.items():
            self.before[name] = self._stage(name, scene)
            trace = folder / f"{name}.trace"
            played = self.again(name, folder / name)
            scene.act(played, **{VARIABLE: f"*:trace={trace}"})
            for step in scene.finish:
                step(played)
            self.after[name] = played.program.dump()
            for point in dict.fromkeys(trace.read_text().split()):
                self.passes[point].append(name)

    def again(self, name: str, library: Path) -> Stage:
        """The stage of a scene, set anew."""
        return _with_copy_of(self.before[name], library)

    def _stage(self, name: str, scene: Scene) -> Stage:
        """Set a stage; what scenes have in common is done once."""
        footage = self._footage(name if scene.own_footage else "shared")
        stage = Stage(Program(self._nursery, self._folder / f"{name} nothing"), footage)
        for number, step in enumerate(scene.set):
            done = (footage, *scene.set[: number + 1])
            if done not in self._set:
                stage = _with_copy_of(stage, self._folder / f"{name} {number}")
                step(stage)
                self._set[done] = stage.program.library
            stage = replace(stage, program=replace(stage.program, library=self._set[done]))
        return stage

    def _footage(self, name: str) -> Path:
        footage = self._folder / f"{name} footage"
        if not footage.exists():
            footage.mkdir()
            for clip in self._clips[:2]:
                shutil.copy2(clip, footage)
            (footage / "notes.mov").write_text("not a film\n" * 50)
        return footage


def _with_copy_of(stage: Stage, library: Path) -> Stage:
    if stage.program.library.exists():
        shutil.copytree(stage.program.library, library)
    return replace(stage, program=replace(stage.program, library=library))


@pytest.fixture(scope="module")
def theatre(nursery: Nursery, clips: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    return Theatre(nursery, clips, tmp_path_factory.mktemp("theatre"))


def killed_and_done_again(theatre: Theatre, scene: str, point: str, times: int, folder: Path) -> bool:
    """Whether it was killed there; if not, the point is not passed so often."""
    stage = theatre.again(scene, folder / "library")
    if SCENES[scene].act(stage, **{VARIABLE: f"{point}:kill:{times}"}).code != -signal.SIGKILL:
        return False
    SCENES[scene].act(stage)
    for step in SCENES[scene].finish:
        step(stage)
    same(stage.program, theatre.after[scene])
    assert {path.name for path in (folder / "library").glob("*.unfinished")} <= {"run.unfinished"}
    return True


def _is_late(point: str) -> bool:
    """A transaction that is through; the slow run tries these as well, a kill before the next one leaves the same."""
    return point.endswith(".committed")


@pytest.mark.parametrize("point", [point for point in POINTS if point not in TRAINING and not _is_late(point)])
def test_after_a_kill_there_the_library_becomes_what_it_would_have_been(
    theatre: Theatre, point: str, tmp_path: Path
) -> None:
    assert point in theatre.passes, "no scene passes this point"
    assert killed_and_done_again(theatre, theatre.passes[point][0], point, 1, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("point", [point for point in POINTS if point not in TRAINING])
def test_so_it_does_in_every_scene_and_for_every_time_the_point_is_passed(
    theatre: Theatre, point: str, tmp_path: Path
) -> None:
    for scene in theatre.passes[point]:
        times = 1
        while killed_and_done_again(theatre, scene, point, times, tmp_path / scene / str(times)):
            times += 1


def named(module: Path) -> Iterator[str]:
    """Points that a module passes, and transactions that it names."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Call) and node.args:
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            last = node.args[-1]
            if name in ("reach", "_writing", "writing") and isinstance(last, ast.Constant):
                yield str(last.value)


def test_the_code_passes_each_point_at_one_place_and_names_no_other() -> None:
    found = sorted(name for module in SOURCES for name in named(module))
    single = {point for point in POINTS if point.partition(".")[0] not in TRANSACTIONS or point == "migrate.step"}
    assert found == sorted(single | (TRANSACTIONS.keys() - {"note"}))


@pytest.mark.parametrize("text", ["nowhere:kill", "claim.commit", "claim.commit:melt", "claim.commit:kill:often"])
def test_what_cannot_be_meant_is_refused(text: str) -> None:
    with pytest.raises(WrongUse, match="is not POINT:ACTION or POINT:ACTION:TIMES"):
        armed(text)
