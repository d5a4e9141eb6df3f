"""The player in a real browser: the picture on the screen, its number and its timecode are one."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from momentidx.footage import Footage
from momentidx.library import Library
from momentidx.times import allows_drop_frame, clock, frame_of_timecode, timecode
from tests.e2e.command import wait_until
from tests.media.test_source import UNEVEN
from tests.web.conftest import Server, desk_for, opened, serving
from tests.web.numbered import CLIPS, FRAMES

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ON_SCREEN = """() => {
  const video = document.querySelector("video");
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const drawn = canvas.getContext("2d");
  drawn.drawImage(video, 0, 0);
  const y = canvas.height - Math.floor(Math.floor(canvas.height / 5) / 2);
  let number = 0;
  for (let bit = 0; bit < 16; bit += 1) {
    const x = Math.floor(((bit + 0.5) * canvas.width) / 16);
    number = 2 * number + (drawn.getImageData(x, y, 1, 1).data[0] > 127 ? 1 : 0);
  }
  return number;
}"""
"""What `tests.clips.read_number` reads, off the screen."""


TIMECODE = ".player-timecode"


@dataclass(frozen=True)
class Screen:
    """A clip in the player."""

    page: Page
    footage: Footage
    times: list[int]
    """When each picture is shown, from the first one, in ticks of the footage's base."""

    def frame(self, picture: int) -> int:
        return self.footage.grid.frame(self.footage.span.start + self.times[picture])

    def until(self, expression: str) -> None:
        """Wait until JavaScript is true. The page refuses to evaluate text by itself, so it is asked from outside."""
        wait_until(lambda: bool(self.page.evaluate(expression)), expression)

    def shows(self, picture: int) -> None:
        """The picture, its frame number and its timecode, as the library has them."""
        wait_until(lambda: self.told() == picture, f"picture {picture} is shown")
        frame = self.frame(picture)
        label = self.footage.timecode(frame) or clock(self.times[picture] * self.footage.span.base)
        found = self.page.evaluate(ON_SCREEN), self.page.inner_text(".player-frame"), self.page.inner_text(TIMECODE)
        assert found == (picture, f"frame {frame}", label)

    def told(self) -> int:
        """The picture that the player says it shows."""
        return int(self.page.get_attribute(".player-stage", "data-picture") or -1)


@pytest.fixture
def server(numbered_made: Path, tmp_path: Path) -> Iterator[Server]:
    """With numbered footage, and a library that a test may change."""
    with serving(desk_for(Path(shutil.copytree(numbered_made / "library", tmp_path / "library")))) as running:
        yield running


def clip_of(server: Server, name: str) -> Footage:
    (found,) = [each for each in server.desk.library().footage() if each.locations[0].path.name == name]
    return found.footage


@contextmanager
def screen(browser: Browser, server: Server, name: str, *, event: int | None = None) -> Iterator[Screen]:
    footage = clip_of(server, name)
    ticks = CLIPS[name].get("times")
    own = CLIPS[name].get("base", 1 / Fraction(CLIPS[name].get("rate", 25)))
    times = [round(tick * own / footage.span.base) for tick in ticks or range(FRAMES)]
    with opened(browser, server) as page:
        page.goto(f"{server.url}/#/clip/{footage.fingerprint}" + (f"?event={event}" if event else ""))
        shown = Screen(page, footage, times)
        shown.until("Boolean(document.querySelector('.player-frame')?.textContent)")
        yield shown


def step_through(screen: Screen, pictures: list[int]) -> None:
    """Go to pictures by the keys that are nearest."""
    at = 0
    screen.shows(0)
    for picture in pictures:
        key = "ArrowRight" if picture > at else "ArrowLeft"
        for _ in range(abs(picture - at) // 5):
            screen.page.keyboard.press(f"Shift+{key}")
        for _ in range(abs(picture - at) % 5):
            screen.page.keyboard.press(key)
        screen.shows(picture)
        at = picture


@pytest.mark.parametrize("name", ["ntsc.mp4", "prores.mov"])
def test_steps_show_the_very_picture_and_its_timecode(browser: Browser, server: Server, name: str) -> None:
    with screen(browser, server, name) as shown:
        step_through(shown, [1, 2, 1, 7, 30, 29, 31, 58])
        shown.page.keyboard.press("End")
        shown.shows(FRAMES - 1)
        shown.page.keyboard.press("Home")
        shown.shows(0)
        copied = shown.page.evaluate("document.querySelector('video').src").endswith("/proxy/media")
        assert copied == (name != "ntsc.mp4")


@pytest.mark.slow
@pytest.mark.parametrize("name", CLIPS)
def test_every_picture_of_every_clip_is_exact_in_any_order(browser: Browser, server: Server, name: str) -> None:
    order = [*range(1, FRAMES), *range(FRAMES - 2, -1, -1), *random.Random(1).sample(range(FRAMES), FRAMES)]
    with screen(browser, server, name) as shown:
        step_through(shown, order)


def test_labels_are_those_of_the_library_at_every_rate(browser: Browser, server: Server) -> None:
    rates = [Fraction(rate) for rate in (24, 25, 30, 48, 50, 60)]
    rates += [Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60)]
    edges = [0, 1, 1797, 1798, 1799, 1800, 3597, 3598, 17981, 17982, 17983, 2589407, 2589408, 5178815, 5178816]
    frames = edges + [random.Random(1).randrange(6_000_000) for _ in range(200)]
    asked = [
        (frame, [rate.numerator, rate.denominator], drop, timecode(frame, rate, drop_frame=drop) or "")
        for rate in rates
        for drop in ([False, True] if allows_drop_frame(rate) else [False])
        for frame in frames
    ]
    with opened(browser, server) as page:
        wrong = page.evaluate(
            """async (asked) => {
              const { label } = await import("/static/timecode.js");
              return asked.filter(([frame, rate, drop, said]) => label(frame, rate, drop) !== said);
            }""",
            asked,
        )
        read = page.evaluate(
            """async (asked) => {
              const { frameOfLabel } = await import("/static/timecode.js");
              return asked.map(([, rate, drop, said]) => frameOfLabel(said, rate, drop));
            }""",
            asked,
        )
        none = page.evaluate(
            """async () => {
              const { frameOfLabel } = await import("/static/timecode.js");
              return [frameOfLabel("00:01:00;00", [30000, 1001], true), frameOfLabel("00:00:00:25", [25, 1], false)];
            }"""
        )
    assert wrong == []
    assert read == [frame_of_timecode(said, Fraction(rate[0], rate[1]))[0] for _, rate, _, said in asked]
    assert none == [None, None]


READ = """async ([facts, typed]) => {
  const { Pictures } = await import("/static/timecode.js");
  const pictures = new Pictures(facts, { base: "1/1", times: null });
  return typed.map((text) => pictures.read(text));
}"""


def test_times_are_typed_as_on_the_command_line(browser: Browser, server: Server) -> None:
    clip = {"rate": "25/1", "duration_frames": 500, "duration_seconds": 20, "drop_frame": False}
    late = clip | {"start_frame": 86_400 * 25 - 100, "start_timecode": "23:59:56:00"}
    without = clip | {"start_frame": 0, "start_timecode": None}
    with opened(browser, server) as page:
        typed = ["23:59:56:00", "00:00:00:00", " 00:00:16:00 ", "00:00:16:01", "23:59:55:24", "+12", "1.5s", "1.5", "x"]
        assert page.evaluate(READ, [late, typed]) == [0, 100, 500, None, None, 12, 38, None, None]
        assert page.evaluate(READ, [without, ["0:00:02.040", "00:00:02:01", "2s", "21s"]]) == [51, None, 50, None]


def test_a_clip_of_variable_rate_counts_by_its_true_times(browser: Browser, server: Server) -> None:
    with screen(browser, server, "variable.mp4") as shown:
        assert shown.times == UNEVEN
        frames = [shown.frame(picture) for picture in range(FRAMES)]
        assert frames != list(range(FRAMES))
        shown.page.fill(".player-place", f"+{frames[45]}")
        shown.page.keyboard.press("Enter")
        shown.shows(frames.index(frames[45]))


def saved(server: Server) -> dict[str, Any]:
    """What people said, by caption."""
    with Library.open(server.desk.folder) as library:
        moments = [moment for moment in library.moments() if moment.layer.captioner == "human"]
    return {moment.event.caption: moment for moment in moments}


def test_play_mark_trim_edit_find_and_undo(browser: Browser, server: Server) -> None:
    footage = clip_of(server, "plain.mp4")
    (machines, *_) = server.desk.library().moments(footage.fingerprint)
    with screen(browser, server, "plain.mp4", event=machines.id) as shown:
        page = shown.page
        marks = page.locator(".player-marks dd")
        assert marks.all_inner_texts() == ["00:59:59:20", "01:00:02:05", "00:00:02:10"]

        page.keyboard.press("l")
        shown.until("Number(document.querySelector('.player-frame').textContent.slice(6)) > 5")
        page.keyboard.press("k")
        shown.until("document.querySelector('video').paused")
        page.keyboard.press("ArrowRight")
        shown.until("!document.querySelector('video').seeking")
        page.keyboard.press("j")
        shown.shows(0)

        step_through(shown, [10])
        page.keyboard.press("i")
        for _ in range(9):
            page.keyboard.press("ArrowRight")
        shown.shows(19)
        page.keyboard.press("o")
        assert marks.all_inner_texts() == ["01:00:00:05", "01:00:00:15", "00:00:00:10"]
        page.keyboard.press("t")
        page.wait_for_selector(".sheet-open :text('You')")
        (trimmed,) = saved(server).values()
        assert trimmed.frames == (10, 20)

        page.keyboard.press("Control+Shift+Space")
        shown.until("document.querySelector('video').paused === false")
        shown.until("document.querySelector('video').paused")
        shown.shows(19)

        handle = page.locator(".lanes-end").bounding_box()
        inner = page.locator(".lanes-inner").bounding_box()
        assert handle is not None
        assert inner is not None
        page.mouse.move(handle["x"] + 3, handle["y"] + 10)
        page.mouse.down()
        page.mouse.move(inner["x"] + inner["width"] * 39.5 / 60, handle["y"] + 10, steps=4)
        page.mouse.up()
        shown.until("document.querySelector('.sheet-open td:nth-child(3) input').value === '01:00:01:10'")
        assert [moment.frames for moment in saved(server).values()] == [(10, 40)]
        shown.shows(39)

        caption = page.locator(".sheet-open textarea")
        caption.fill("A zeppelin <b>lands</b>.")
        caption.press("Enter")
        shown.until("!document.activeElement.matches('textarea')")
        page.locator(".sheet-open select").select_option("4")
        labels = page.locator(".sheet-open .sheet-labels")
        labels.fill("hero, night")
        labels.press("Enter")
        shown.until(
            "fetch('/api/v1/search?q=zeppelin+label:hero').then((told) => told.json())"
            ".then((told) => told.moments.length === 1 && told.moments[0].rating === 4)"
        )
        (moment,) = saved(server).values()
        assert (moment.event.caption, moment.remark.rating, moment.remark.labels) == (
            "A zeppelin <b>lands</b>.", 4, ("hero", "night"),
        )  # fmt: skip

        page.locator(".player-title").click()
        for undone in range(1, 6):
            page.keyboard.press("Control+z")
            left = 5 + undone if undone < 5 else 0
            wait_until(lambda: len(server.desk.library().history(machines.id)) == left, "it is undone")  # noqa: B023
        shown.until("document.querySelectorAll('.sheet-table td:nth-child(9) button').length === 0")
        assert saved(server) == {}

        page.keyboard.press("Home")
        shown.shows(0)
        page.keyboard.press("m")
        shown.until("document.activeElement.matches('textarea')")
        page.keyboard.type("A note of mine.")
        page.keyboard.press("Enter")
        shown.until(
            "fetch('/api/v1/search?q=mine').then((told) => told.json()).then((told) => told.moments.length > 0)"
        )
        page.keyboard.press("b")
        page.wait_for_selector(".toast")
        (select,) = server.desk.library().selects("Selects")
        assert select.moment.event.caption == "A note of mine."

        server.desk.captions().edit(machines.id, "Said on the command line.")
        shown.until("[...document.querySelectorAll('textarea')].some((each) => each.value.includes('command line'))")


def test_the_sheet_and_player_are_read_by_everybody(browser: Browser, server: Server) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    with screen(browser, server, "plain.mp4") as shown:
        found = axe.run(shown.page)["violations"]
    assert [rule["id"] for rule in found if rule["impact"] in ("serious", "critical")] == []


def test_clips_are_found_by_name(browser: Browser, server: Server) -> None:
    with opened(browser, server) as page:
        page.goto(f"{server.url}/#/footage")
        page.wait_for_selector(".footage-card:nth-child(8)")
        page.fill(".footage-tools input", "variable")
        page.wait_for_selector(".footage-card:only-child")
        page.click(".footage-card a")
        page.wait_for_selector(".player-frame")
        assert "variable.mp4" in page.inner_text(".player-title")
