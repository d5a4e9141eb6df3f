"""The library as a person looks after it, in a real browser."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from momentidx.commands.setting_up import set_up
from momentidx.files import SeenFile
from momentidx.library import Root
from momentidx.pipeline.run import RUN_FILE
from tests.web.conftest import Server, opened
from tests.web.test_page_search import serious

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


def queue_files(server: Server, folder: Path, *names: str) -> list[Path]:
    """Files that wait."""
    files = [folder / name for name in names]
    for file in files:
        file.write_bytes(b"not looked at yet")
    with set_up(server.desk.folder).write() as library:
        library.enqueue_all([SeenFile.of(file) for file in files])
    return files


def jobs(server: Server) -> dict[str, list[str]]:
    """Names of the files with jobs that are not done, by state and in their order."""
    found: dict[str, list[str]] = {}
    for job in server.desk.library().jobs(("queued", "failed", "cancelled")):
        assert job.path is not None
        found.setdefault(job.state, []).append(job.path.name)
    return found


def test_the_queue_is_put_in_order_paused_and_seen_from_another_tab(
    own_page: Page, own_server: Server, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    page, server = own_page, own_server
    queue_files(server, tmp_path, "one.mov", "two.mov", "<b>three.mov")
    page.goto(f"{server.url}/#/library")
    rows = page.locator(".jobs tbody tr")
    expect(rows).to_have_count(3)
    expect(page.locator(".facts")).to_contain_text("3 files · 51 bytes")
    expect(rows.nth(2)).to_contain_text("<b>three.mov")
    assert serious(page) == []

    rows.nth(2).get_by_role("button", name="Let <b>three.mov go before all others").click()
    expect(rows.first).to_contain_text("<b>three.mov")
    page.get_by_role("button", name="Leave one.mov out").click()
    expect(rows).to_have_count(2)
    assert jobs(server) == {"queued": ["<b>three.mov", "two.mov"], "cancelled": ["one.mov"]}
    page.get_by_role("button", name="Left out 1").click()
    page.get_by_role("button", name="Try one.mov again").click()
    expect(page.get_by_text("Nothing was left out.")).to_be_visible()

    other = page.context.new_page()
    other.goto(f"{server.url}/#/library")
    other.get_by_role("button", name="Pause everything").click()
    expect(other.get_by_text("Everything is paused.")).to_be_visible()
    page.bring_to_front()
    expect(page.get_by_role("button", name="Resume everything")).to_be_visible()
    expect(page.locator(".scope")).to_contain_text("paused")
    assert server.desk.library().paused() == (Path(),)
    page.locator("main").press("p")
    expect(page.get_by_role("button", name="Pause everything")).to_be_visible()
    assert server.desk.library().paused() == ()


def test_a_status_that_could_not_be_told_is_asked_for_again(browser: Browser, own_server: Server) -> None:
    from playwright.sync_api import expect

    with opened(browser, own_server, re.compile("server responded with a status of 503")) as page:
        expect(page.locator(".scope")).to_contain_text("indexed")
        busy = {"error": {"kind": "busy", "message": "The library cannot be read right now."}}
        page.route("**/api/v1/status", lambda route: route.fulfill(status=503, json=busy), times=1)
        own_server.desk.queue().pause()
        expect(page.locator(".scope")).to_contain_text("paused", timeout=30_000)


def test_what_failed_is_told_with_its_reason_and_tried_again(
    own_page: Page, own_server: Server, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    from momentidx.commands.index import index_now

    page, server = own_page, own_server
    (tmp_path / "cut off.mov").write_bytes(b"no film at all")
    index_now(set_up(server.desk.folder), [tmp_path])
    page.goto(f"{server.url}/#/library")
    expect(page.locator(".scope")).to_contain_text("1 failed")
    page.get_by_role("button", name="Failed 1").click()
    (failure,) = server.desk.library().status().failures
    row = page.locator(".jobs tbody tr")
    expect(row).to_contain_text("cut off.mov")
    expect(row.locator(".reason")).to_contain_text(failure.reason)
    page.get_by_role("button", name="Try all that failed again").click()
    expect(page.get_by_text("Nothing failed.")).to_be_visible()
    assert jobs(server) == {"queued": ["cut off.mov"]}


def test_the_work_of_a_daemon_is_followed_as_it_goes(own_page: Page, own_server: Server) -> None:
    from playwright.sync_api import expect

    page, server = own_page, own_server
    with set_up(server.desk.folder).write() as library:
        library.note_root(Root(Path("/footage/day 1")))
        tell(server, part=0.25)
        page.goto(f"{server.url}/#/library")
        bar = page.get_by_role("progressbar", name="How much of A007.mov is done")
        expect(bar).to_have_attribute("value", "0.25")
        expect(page.locator(".work")).to_contain_text("4.0 × real time")
        expect(page.get_by_role("row", name="/footage/day 1")).to_contain_text(
            "by walking through it (a network share)"
        )
        tell(server, part=0.75)
        expect(bar).to_have_attribute("value", "0.75")


def tell(server: Server, part: float) -> None:
    """What a daemon says of itself; the test holds the lock in its place."""
    told: dict[str, Any] = {
        "pid": os.getpid(), "started": time.time(), "written": time.time(), "speed": 4.0,
        "roots": [{"path": "/footage/day 1", "mode": "polling", "why": "a network share", "away": None}],
        "in_work": {"path": "/footage/day 1/A007.mov", "part": part},
    }  # fmt: skip
    (server.desk.folder / RUN_FILE).write_text(json.dumps(told))


@pytest.mark.slow
def test_disk_use_settings_and_the_doctor_are_a_click_away(own_page: Page, own_server: Server) -> None:
    from playwright.sync_api import expect

    page = own_page
    page.goto(f"{own_server.url}/#/library")
    expect(page.locator(".disk")).to_contain_text("Stills and strips")
    page.get_by_text("Settings").click()
    expect(page.get_by_role("row", name="find_limit")).to_contain_text("default")
    page.get_by_role("button", name="Examine").click()
    expect(page.get_by_text("Everything is well.")).to_be_visible(timeout=60_000)
    assert serious(page) == []
