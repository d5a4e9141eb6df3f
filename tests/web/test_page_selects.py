"""Selects, export and shot lists as a person uses them, in a real browser, down to the frames of the timeline."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import opentimelineio as otio

from momentidx.library import Bins
from momentidx.search.asking import Wish
from tests.e2e.command import wait_until
from tests.web.conftest import Server
from tests.web.test_exports import _played

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

LIST = "1. something red crosses the frame, 1s\n2. the camera pans over hills\n3. zzz qqq xyzzy\n"


def fill(server: Server, name: str = "Day 1/ä") -> list[int]:
    """Put more moments into a bin until there are four; their numbers."""
    library = server.desk.library()
    shots = [moment for moment in library.moments() if moment.event.kind == "shot"]
    for moment in shots:
        if name not in {each.name for each in library.bins()} or len(library.selects(name)) < 4:
            Bins(library.folder).add(name, [moment], query="shots")
    return [number for number, *_ in stands(server, name)]


def stands(server: Server, name: str = "Day 1/ä") -> list[tuple[int, int, str]]:
    """Number, rating and note of everything in the bin."""
    return [(each.moment.id, each.rating, each.note) for each in server.desk.library().selects(name)]


def caption(server: Server, number: int) -> str:
    (moment,) = server.desk.library().moments(ids=[number])
    return moment.event.caption


def entries(page: Page) -> Locator:
    return page.get_by_role("list", name="Chosen moments, in order").get_by_role("listitem")


def downloaded(page: Page, link: Locator, folder: Path) -> Any:
    """A file that the page offers, as OpenTimelineIO reads it."""
    with page.expect_download() as waiting:
        link.click()
    file = folder / waiting.value.suggested_filename
    waiting.value.save_as(file)
    return otio.adapters.read_from_file(str(file))


def test_selects_are_put_in_order_by_hand_and_key_noted_rated_and_exported_with_the_same_frames(
    own_page: Page, own_server: Server, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    page, server = own_page, own_server

    # A new bin; then found and chosen: the first by its button, the second by its key.
    page.goto(f"{server.url}/#/selects")
    page.get_by_role("textbox", name="New bin").fill("Day 1/ä")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Day 1/ä")).to_be_visible()
    page.goto(f"{server.url}/#/search?q=something%20crosses%20the%20frame")
    card = page.get_by_role("article").first
    card.hover()
    card.locator(".acts").get_by_role("button").first.click()
    expect(page.get_by_text("Added to")).to_be_visible()
    card.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    wait_until(lambda: len(stands(server)) == 2, "both are in the bin")
    found = server.desk.search("something crosses the frame", Wish(2)).moments
    assert [number for number, *_ in stands(server)] == [moment.id for moment in found]
    one, two, three, four = fill(server)
    page.get_by_role("link", name="Day 1/ä").first.click()
    expect(entries(page)).to_have_count(4)
    expect(page.get_by_text("4 selects")).to_be_visible()

    # By hand: the first to the end, in small steps as a mouse moves.
    handle, last = entries(page).nth(0).locator(".handle"), entries(page).nth(3)
    box, target = handle.bounding_box(), last.bounding_box()
    assert box is not None
    assert target is not None
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 5, target["y"] + target["height"] - 4, steps=12)
    page.mouse.up()
    wait_until(lambda: [number for number, *_ in stands(server)] == [two, three, four, one], "the drag is kept")
    expect(entries(page).nth(3)).to_have_attribute("aria-label", f"4. {caption(server, one)}")

    # By key alone: to the third, up to the first place, rated and noted.
    entries(page).nth(0).focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    for place in (1, 0):
        page.keyboard.press("Alt+ArrowUp")
        expect(entries(page).nth(place)).to_be_focused()
        expect(entries(page).nth(place)).to_have_attribute("aria-label", f"{place + 1}. {caption(server, four)}")
    page.keyboard.press("4")
    page.keyboard.press("n")
    page.keyboard.type("Start <b>here</b>")
    page.keyboard.press("Enter")
    expect(entries(page).nth(0)).to_be_focused()
    expect(entries(page).nth(0).get_by_role("button", name="4 of 5")).to_have_attribute("aria-pressed", "true")
    wait_until(lambda: stands(server)[0] == (four, 4, "Start <b>here</b>"), "note and rating are kept")
    assert stands(server) == [(four, 4, "Start <b>here</b>"), (two, 0, ""), (three, 0, ""), (one, 0, "")]

    # Taken out, and put back where it was.
    page.keyboard.press("Delete")
    expect(entries(page)).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(entries(page)).to_have_count(4)
    wait_until(lambda: stands(server)[0] == (four, 4, "Start <b>here</b>"), "it is put back")
    assert stands(server) == [(four, 4, "Start <b>here</b>"), (two, 0, ""), (three, 0, ""), (one, 0, "")]

    # Exported: every frame is the one that was chosen.
    page.get_by_role("button", name="Export…").click()
    dialog = page.get_by_role("dialog", name="Export Day 1/ä")
    dialog.get_by_role("button", name="Export").click()
    expect(dialog.get_by_text("Choose a program or a format.")).to_be_visible()
    dialog.get_by_label("DaVinci Resolve").check()
    dialog.get_by_text("Options").click()
    dialog.get_by_label("Handles").fill("2 f")
    dialog.get_by_role("button", name="Export").click()
    expect(dialog.get_by_text("'2 f' is not a length.")).to_be_visible()
    dialog.get_by_label("Handles").fill("0f")
    dialog.get_by_role("button", name="Export").click()
    link = dialog.get_by_role("link", name="Download")
    expect(dialog.get_by_text("✓ checked, no problem")).to_be_visible()
    cut = downloaded(page, link, tmp_path)
    library = server.desk.library()
    frames = {moment.id: moment.frames for moment in library.moments()}
    assert [_played(clip) for clip in cut.video_tracks()[0].find_clips()] == [
        (number, *frames[number]) for number in (four, two, three, one)
    ]


def test_two_tabs_see_each_others_changes_and_neither_overwrites_the_other(own_page: Page, own_server: Server) -> None:
    from playwright.sync_api import expect

    page, server = own_page, own_server
    one, two, three, _ = fill(server, "Day 1")
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{server.url}/#/selects/Day%201")
        expect(entries(tab)).to_have_count(4)
    other.get_by_role("button", name="Take 4 out").click()
    expect(entries(other)).to_have_count(3)
    entries(page).nth(2).focus()
    page.keyboard.press("5")
    expect(entries(page)).to_have_count(3)
    assert [number for number, *_ in stands(server, "Day 1")] == [one, two, three]
    other.close()

    # The whole bin goes after a question only.
    page.get_by_role("button", name="Take the bin apart").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("Footage and moments stay.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(entries(page)).to_have_count(3)
    page.get_by_role("button", name="Take the bin apart").click()
    dialog.get_by_role("button", name="Take the bin apart").click()
    expect(page.get_by_text("Nothing is in it yet.")).to_be_visible()
    assert server.desk.library().bins() == []


def test_a_shot_list_is_cast_another_take_is_picked_and_the_cut_is_written(
    page: Page, server: Server, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    page.goto(f"{server.url}/#/assemble")
    page.get_by_role("textbox", name="Shot list").fill(LIST)
    page.get_by_role("button", name="Find takes").click()
    first = page.get_by_role("group", name="1. something red crosses the frame")
    expect(first.get_by_role("radio", name=re.compile("^Best"))).to_be_checked()
    first.get_by_role("radio", name="Alternate 1").check()
    gap = page.get_by_role("group", name="3. zzz qqq xyzzy").get_by_role("radio", name="Leave a gap")
    gap.check()
    page.get_by_role("button", name="Export…").click()
    dialog = page.get_by_role("dialog", name="Export assembly")
    dialog.get_by_text("Formats").click()
    dialog.get_by_role("checkbox", name="otio", exact=False).first.check()
    dialog.get_by_role("button", name="Export").click()
    cut = downloaded(page, dialog.get_by_role("link", name="Download").first, tmp_path)
    slots = server.desk.search("something red crosses the frame", Wish(20)).moments
    playing, _, missing = cut.video_tracks()[0]
    number, start, end = _played(playing)
    assert number in {moment.id for moment in slots[1:]}, "not the best one"
    assert end - start == 25, "a second"
    assert missing.name == "MISSING: zzz qqq xyzzy"
    muted = [track for track in cut.video_tracks() if not track.enabled]
    assert muted
    assert slots[0].id in {clip.metadata["momentidx"]["id"] for track in muted for clip in track.find_clips()}


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    from axe_core_python.sync_playwright import Axe

    found = Axe().run(page)["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html']}" for each in found if each["impact"] in ("serious", "critical")]


def test_the_views_pass_axe_without_a_serious_finding(own_page: Page, own_server: Server) -> None:
    from playwright.sync_api import expect

    page, server = own_page, own_server
    fill(server)
    page.goto(f"{server.url}/#/selects")
    page.get_by_role("link", name="Day 1/ä").click()
    expect(entries(page)).to_have_count(4)
    assert serious(page) == []
    page.get_by_role("button", name="Export…").click()
    expect(page.get_by_role("dialog").get_by_label("DaVinci Resolve")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/#/assemble")
    page.get_by_role("textbox", name="Shot list").fill(LIST)
    page.get_by_role("button", name="Find takes").click()
    expect(page.get_by_role("group", name="3. zzz qqq xyzzy")).to_be_visible()
    assert serious(page) == []
