"""Searching as a person does it, in a real browser."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from momentidx.commands.index import index_now
from momentidx.commands.setting_up import set_up
from momentidx.files import SeenFile
from momentidx.library import Bins, Captions, Library
from momentidx.web import news
from momentidx.web.client import Client
from momentidx.web.runfile import Address
from tests.e2e.command import PATIENCE, wait_until
from tests.web.conftest import Server, desk_for, opened, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

PAYLOADS = (
    "<img src=x onerror=hacked()>", "<script>hacked()</script>", "\"><svg/onload=hacked()>", "javascript:hacked()//",
    "{{constructor.constructor('hacked()')()}}", "</title><iframe srcdoc='<script>parent.hacked()</script>'>",
)  # fmt: skip


def serious(page: Page) -> list[str]:
    """What axe finds that keeps people out."""
    axe = pytest.importorskip("axe_core_python.sync_playwright").Axe()
    return [
        f"{found['id']}: {[node['target'] for node in found['nodes']]}"
        for found in axe.run(page)["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def test_a_search_is_completed_looked_through_explained_and_narrowed(page: Page, server: Server) -> None:
    from playwright.sync_api import expect

    box = page.get_by_role("combobox", name="Search footage")
    expect(box).to_be_focused()
    assert serious(page) == []
    box.press_sequentially("camera:pan-l")
    page.get_by_role("option", name="whip-pan-left").wait_for()
    box.press("ArrowDown")
    box.press("Tab")
    expect(box).to_have_value("camera:pan-left ")
    box.press("Enter")

    first = page.get_by_role("article").first
    (moment,) = server.desk.library().moments(ids=[int(hash_event(first))])
    assert first.locator(".caption").inner_text() == moment.event.caption
    told = moment.to_json()
    assert first.locator(".from-to").inner_text() == f"{told['start_timecode']} – {told['end_timecode']}"
    assert first.locator(".clip").inner_text() == moment.path.name
    assert first.locator(".tag").inner_text() == "shotlog"
    expect(page.locator(".scope")).to_have_text(re.compile(r"^\d+ s indexed$"))

    first.locator(".still").hover(position={"x": 10, "y": 40})
    over = first.locator(".scrub.shown")
    over.wait_for()
    begins = over.evaluate("over => over.style.backgroundPosition")
    first.locator(".still").hover(position={"x": 280, "y": 40})
    expect(over).not_to_have_css("background-position", begins)
    assert f"/footage/{moment.footage.fingerprint}/strip" in over.evaluate("over => over.style.backgroundImage")

    first.get_by_role("button", name="Why this").click()
    dialog = page.get_by_role("dialog", name="Why this one")
    expect(dialog).to_contain_text("every filter and quote fits")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)

    first.hover()
    first.get_by_role("button", name="More like this").click()
    expect(page.get_by_text(f"Moments like “{moment.event.caption}”")).to_be_visible()
    assert f"like={moment.id}" in page.url

    page.goto(f"{server.url}/#/search?q=light:drak")
    expect(page.locator(".query-error mark")).to_have_text("light:drak")
    expect(page.locator(".query-error")).to_contain_text("Did you mean 'dark'?")
    page.goto(f"{server.url}/#/search?q=camera:pan&sort=clip")
    expect(page.get_by_role("heading", level=2).first).to_contain_text(".mov")
    page.get_by_role("button", name="List").click()
    assert serious(page) == []
    page.goto(f"{server.url}/#/search?q=camera:pan -camera:pan")
    expect(page.get_by_role("heading", name="Nothing found.")).to_be_visible()
    page.goto(f"{server.url}/#/search")
    expect(page.get_by_role("link", name="camera:pan-left")).to_be_visible()


def hash_event(card: Any) -> str:
    """Number of a card's moment."""
    found: str = card.locator(".still").get_attribute("href").partition("event=")[2]
    return found


def test_while_the_server_cannot_count_the_link_to_the_library_has_words(browser: Browser, server: Server) -> None:
    from playwright.sync_api import expect

    busy = {"error": {"kind": "busy", "message": "The library cannot be read right now."}}
    with opened(browser, server, re.compile("server responded with a status of 503")) as page:
        page.route("**/api/v1/status", lambda route: route.fulfill(status=503, json=busy))
        page.reload()
        expect(page.get_by_role("combobox", name="Search footage")).to_be_focused()
        expect(page.locator(".scope")).to_have_text("Counting footage…")
        assert serious(page) == []
        page.unroute("**/api/v1/status")
        expect(page.locator(".scope")).to_have_text(re.compile(r"^\d+ s indexed$"), timeout=30_000)


def test_everything_about_a_search_is_done_with_keys_alone(own_page: Page, own_server: Server) -> None:
    from playwright.sync_api import expect

    page, library = own_page, own_server.desk.library()
    expect(page.get_by_role("combobox", name="Search footage")).to_be_focused()
    page.keyboard.type("the camera moves")
    page.keyboard.press("Enter")
    cards = page.get_by_role("article")
    cards.first.wait_for()
    page.keyboard.press("ArrowDown")
    expect(cards.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    expect(page.locator(".toast")).to_have_text("Added to Selects")
    (select,) = library.selects("Selects")
    assert str(select.moment.id) == hash_event(cards.nth(1))
    assert select.query == "the camera moves"
    page.keyboard.press("w")
    page.get_by_role("dialog", name="Why this one").wait_for()
    page.keyboard.press("Escape")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("l")
    page.locator(".scrub.shown").wait_for()

    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"#/clip/.*event={select.moment.id}$"))
    page.locator(".clip-view video").wait_for()
    page.go_back()
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("v")
    expect(page.get_by_role("button", name="List")).to_have_attribute("aria-pressed", "true")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(cards.first).to_be_focused()

    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").get_by_label("Keys as in").select_option("avid")
    expect(page.get_by_role("dialog", name="Keys").get_by_label("Keys as in")).to_have_value("avid")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search footage")).to_be_focused()


def test_a_search_is_kept_found_again_in_another_tab_and_forgotten(
    own_page: Page, own_server: Server, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from playwright.sync_api import expect

    monkeypatch.setattr(news, "FOUND_SECONDS", 0.0)
    page = own_page
    page.goto(f"{own_server.url}/#/search?q=camera:pan")
    page.get_by_role("button", name="Save this search").click()
    page.get_by_label("Name of the search").fill("Pans & <b>tilts</b>/ä")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".toast")).to_have_text("Saved as “Pans & <b>tilts</b>/ä”.")
    expect(page.get_by_role("button", name="Save this search")).to_be_hidden()
    (saved,) = own_server.desk.library().saved_searches()
    assert (saved.name, saved.query) == ("Pans & <b>tilts</b>/ä", "camera:pan")

    other = page.context.new_page()
    other.goto(f"{own_server.url}/")
    other.get_by_role("link", name="Pans & <b>tilts</b>/ä camera:pan").click()
    other.get_by_role("article").first.wait_for()
    wait_until(lambda: own_server.desk.library().saved_search(saved.name).ran_at != saved.ran_at, "it was looked at")

    footage = own_server.desk.library().footage_of(made / "footage" / "A001_day.mov")
    own_server.desk.saved().save("fox", "captioner:human")
    Captions(own_server.desk.folder, "minilm").add(footage, footage.span, "A fox.")
    expect(other.locator(".toast")).to_have_text("1 new fox", timeout=30_000)
    other.get_by_role("link", name="fox").click()
    expect(other.get_by_role("article")).to_contain_text("A fox.")
    own_server.desk.saved().remove("fox")
    other.goto(f"{own_server.url}/#/search")
    other.get_by_role("button", name="Forget the saved search Pans & <b>tilts</b>/ä").click()
    expect(other.get_by_text("None yet.")).to_be_visible()
    assert own_server.desk.library().saved_searches() == []


def test_thousands_of_results_are_a_few_elements_and_keep_their_place(page: Page, server: Server) -> None:
    from playwright.sync_api import expect

    answer = page.request.get(f"{server.url}/api/v1/search?q=camera").json()

    def many(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        offset, limit = int(query["offset"][0]), int(query["limit"][0])
        numbers = range(offset, min(offset + limit, 3000))
        moments = [{**answer["moments"][0], "id": number + 1, "caption": f"Number {number}."} for number in numbers]
        route.fulfill(json={**answer, "moments": moments, "more": offset + limit < 3000})

    page.route("**/api/v1/search?*", many)
    page.route("**/still", lambda route: route.fulfill(body=b"", content_type="image/jpeg"))
    page.goto(f"{server.url}/#/search?q=many")
    cards = page.get_by_role("article")
    cards.first.wait_for()
    page.keyboard.press("ArrowDown")  # out of the box
    count = page.locator(".count")
    for loaded in (*range(30, 3000, 120), 3000):
        expect(count).to_have_text(f"{loaded:,}{'+' if loaded < 3000 else ''} moments")
        page.keyboard.press("End")
    expect(page.get_by_role("article", name="Number 2999.")).to_be_focused()
    assert cards.count() < 80
    expect(page.get_by_text("That is all.")).to_be_visible()
    page.set_viewport_size({"width": 820, "height": 1100})
    expect(page.get_by_role("article", name="Number 2999.")).to_be_focused()
    expect(page.get_by_role("article", name="Number 2999.")).to_be_in_viewport()


def test_a_new_search_does_not_wait_for_pictures_of_the_former_one(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    from playwright.sync_api import expect

    come, kept = threading.Event(), Library.still

    def late(library: Library, event: int) -> Path | None:
        come.wait(PATIENCE)
        return kept(library, event)

    monkeypatch.setattr(Library, "still", late)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/still") else None)
    box = page.get_by_role("combobox", name="Search footage")
    box.fill("camera")
    box.press("Enter")
    page.get_by_role("article").nth(7).wait_for()
    assert len(asked) > 7  # more than there are connections
    box.fill("light:dark")
    box.press("Enter")
    expect(page.get_by_role("article").first).to_contain_text("A003_night.mov")
    come.set()
    page.go_back()
    expect(box).to_have_value("camera")


def test_a_restart_of_the_server_is_told_and_survived(browser: Browser, made: Path, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    folder = Path(shutil.copytree(made / "library", tmp_path / "library"))
    context = browser.new_context()
    page = context.new_page()
    with serving(desk_for(folder)) as server:
        page.goto(f"{server.url}/login?code={server.desk.keys.code()}")
        page.goto(f"{server.url}/#/search?q=camera:pan")
        page.get_by_role("article").first.wait_for()
    banner = page.get_by_text("momentidx does not answer.")
    expect(banner).to_be_visible()
    expect(page.get_by_role("article").first).to_be_visible()
    with serving(desk_for(folder), port=int(server.url.rpartition(":")[2])) as again:
        expect(banner).to_be_hidden(timeout=20_000)
        page.goto(f"{server.url}/#/search?q=light:dark")
        expect(page.get_by_role("article").first).to_contain_text("A003_night.mov")
        Client(Address(again.url, again.token, 0)).send("POST", "/logout?everywhere=true")
        expect(page.get_by_text("You are logged out. Run 'momentidx open' to log in again.")).to_be_visible()
    context.close()


@pytest.mark.slow
def test_programs_in_captions_and_file_names_are_shown_as_text_and_run_nothing(
    own_page: Page, own_server: Server, made: Path, tmp_path: Path
) -> None:
    from playwright.sync_api import expect

    page, library = own_page, own_server.desk.library()
    named = tmp_path / "<img src=x onerror=hacked()>"
    named.mkdir()
    clip = named / "<svg onload=hacked()>.mov"
    clip.write_bytes((made / "footage" / "A001_day.mov").read_bytes())
    index_now(set_up(own_server.desk.folder), [named])
    captions = Captions(own_server.desk.folder, own_server.desk.settings.embedder)
    footage = library.footage_of(clip)
    for payload in PAYLOADS:
        captions.add(footage, footage.span, f"zebra {payload}", labels=[payload[:40]])
    Bins(own_server.desk.folder).add(PAYLOADS[0], library.moments(footage.fingerprint)[:2], query=PAYLOADS[1])
    own_server.desk.saved().save(PAYLOADS[2][:20], "zebra")

    page.add_init_script("window.hacked = () => { window.wasHacked = true; }")
    page.reload()
    told: list[str] = []
    same = footage.fingerprint
    searches = "search?q=zebra&all=true", "search?q=zebra&all=true&sort=clip"
    for place in (*searches, "search", f"clip/{same}", f"footage/{same}", "footage", "selects", "library", "assemble"):
        page.goto(f"{own_server.url}/#/{place}")
        expect(page.locator("main > *").first).to_be_attached()
        page.wait_for_load_state("load")
        if place.startswith("search?"):
            page.get_by_role("article").first.wait_for()
            told += page.locator(".card .caption").all_inner_texts()
        assert page.evaluate("window.wasHacked ?? false") is False, place
        assert page.locator("main script, main iframe, img[src='x']").count() == 0
    for payload in PAYLOADS:
        assert f"zebra {payload}" in told


def test_while_nothing_is_indexed_the_page_says_how_that_comes_about(browser: Browser, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    set_up(tmp_path / "library").write().close()
    with serving(desk_for(tmp_path / "library")) as server, opened(browser, server) as page:
        first = page.locator(".first-steps")
        expect(first).to_contain_text("momentidx watch /path/to/footage")
        assert serious(page) == []
        (tmp_path / "new.mov").write_bytes(b"not looked at yet")
        with set_up(tmp_path / "library").write() as library:
            library.enqueue_all([SeenFile.of(tmp_path / "new.mov")])
        # Where reading the status takes long, the page does it the more seldom.
        expect(first).to_contain_text("Footage waits to be described.", timeout=30_000)
        first.get_by_role("link", name="See how it goes").click()
        expect(page.get_by_role("heading", name="Library")).to_be_visible()
        page.get_by_role("link", name="Footage").click()
        expect(page.get_by_text("No clip is known yet.")).to_be_visible()
