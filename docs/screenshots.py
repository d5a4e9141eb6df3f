"""Take the pictures of the page in docs/page/, on the demo's footage, in Debian's Chromium without a window.

    python docs/screenshots.py /Volumes/Ingest

The folder is the one that the pictures show footage in: it is made, and deleted afterwards. Run it when a view looks
different, look at every picture, and commit those that should change.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from momentidx.commands.index import index_now
from momentidx.commands.setting_up import set_up
from momentidx.config import load_settings
from momentidx.demo.footage import CLIPS, render
from momentidx.files import SeenFile
from momentidx.library import Bins, Captions, Library, Root, SavedSearches
from momentidx.times import Span
from momentidx.web.desk import Desk
from momentidx.web.keys import Keys
from momentidx.web.server import make_server

if TYPE_CHECKING:
    from playwright.sync_api import Page

PICTURES = Path(__file__).parent / "page"
WIDTH, HEIGHT = 1280, 720
QUALITY = 50
LIST = "1. the camera pans over green hills, 4s\n2. a red ball crosses the frame, 2s\n3. a light moves at night, 3s\n"


def main(library: Path, footage: Path) -> None:
    furnish(library, footage)
    desk = Desk(library, load_settings(library, {}), Keys("a-token-for-pictures-of-the-page-only"))
    PICTURES.mkdir(exist_ok=True)
    with served(desk) as url, browsed(f"{url}/login?code={desk.keys.code()}") as page:
        page.wait_for_selector(".home")
        for name, take in VIEWS.items():
            page.mouse.move(0, 0)
            take(page, url)
            page.wait_for_timeout(800)  # for pictures that come by and by
            file = PICTURES / f"{name}.jpg"
            page.screenshot(path=file, type="jpeg", quality=QUALITY)
            print(f"{file} ({file.stat().st_size // 1000} kB)")


def furnish(library: Path, footage: Path) -> None:
    """Make a library of the demo's clips, with what a person did to it."""
    for clip in CLIPS:
        render(clip, footage / clip.name)
    index_now(set_up(library), [footage])
    (footage / "A009_still_copying.mov").write_bytes(b"not all of it is there")
    index_now(set_up(library), [footage])
    late = [shutil.copy(footage / clip.name, footage / f"B{clip.name[1:]}") for clip in CLIPS]
    with set_up(library).write() as opened:
        opened.note_root(Root(footage))
        opened.enqueue_all([SeenFile.of(Path(file)) for file in late])
    captions = Captions(library, "minilm")
    with Library.open(library) as opened:
        moments = opened.moments()
        shots = [moment for moment in moments if moment.event.kind == "shot"]
        day = next(moment.footage for moment in moments if "pans" in moment.event.caption)
    third = Span(day.span.start, day.span.start + (day.span.end - day.span.start) // 3, day.span.base)
    said = captions.add(day, third, "Opening pan: hills in the morning, use from the second tree", rating=5)
    captions.label(said.event, add=["opening"])
    bins = Bins(library)
    bins.add("Opening", shots[:4], query="the camera pans over green hills")
    bins.add("Night", shots[-2:])
    SavedSearches(library).save("Pans", "camera:pan")
    SavedSearches(library).save("At night", "light:dark")


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    server = make_server(desk)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def browsed(link: str) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        options = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=options)
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto(link)
        yield page
        browser.close()


def search(page: Page, url: str) -> None:
    page.goto(f"{url}/#/search?q=the camera pans over green hills")
    page.locator("article .still").nth(1).hover(position={"x": 200, "y": 80})


def grouped(page: Page, url: str) -> None:
    page.goto(f"{url}/#/search?q=camera moves&sort=clip")
    page.locator("article").first.wait_for()
    page.get_by_role("combobox", name="Search footage").press_sequentially(" light:")
    page.locator("[role=option]").first.wait_for()


def player(page: Page, url: str) -> None:
    page.goto(f"{url}/#/search?q=the camera tilts up")
    page.get_by_role("article").filter(has_text="tilts up").locator(".still").click()
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT + 120})  # for the sheet below it
    page.wait_for_timeout(2500)


def footage(page: Page, url: str) -> None:
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    fingerprint = page.url.partition("#/clip/")[2].partition("?")[0]
    page.goto(f"{url}/#/footage/{fingerprint}")


def selects(page: Page, url: str) -> None:
    page.goto(f"{url}/#/selects/Opening")
    page.get_by_text("4 selects").first.wait_for()


def export(page: Page, url: str) -> None:
    selects(page, url)
    page.get_by_role("button", name="Export…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("DaVinci Resolve").check()
    dialog.get_by_role("button", name="Export").click()
    dialog.get_by_role("link", name="Download").first.wait_for()


def assemble(page: Page, url: str) -> None:
    page.goto(f"{url}/#/assemble")
    page.reload()
    page.get_by_label("Shot list").fill(LIST)
    page.get_by_role("button", name="Find takes").click()
    page.locator(".slot").first.wait_for()


def library(page: Page, url: str) -> None:
    page.goto(f"{url}/#/library")
    page.locator(".parts dd").first.wait_for()


VIEWS: dict[str, Callable[[Page, str], None]] = {
    "search": search, "completion": grouped, "player": player, "footage": footage, "selects": selects,
    "export": export, "assemble": assemble, "library": library,
}  # fmt: skip


if __name__ == "__main__":
    shown = Path(sys.argv[1])
    shown.mkdir(parents=True)
    try:
        with tempfile.TemporaryDirectory(prefix="momentidx-") as scratch:
            main(Path(scratch, "library"), shown)
    finally:
        shutil.rmtree(shown)
