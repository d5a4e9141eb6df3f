"""Premiere's panel fits Adobe's published types, is packed whole, and asks Premiere for the right frames.

Premiere itself was not run. Needs node and npm, and the packages of `plugins/premiere/package-lock.json`,
which npm fetches once; without them the tests are skipped.
"""

from __future__ import annotations

import base64
import json
import re
import runpy
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from momentidx.search.asking import Wish
from momentidx.timeline.build import build
from momentidx.timeline.write.tables import JsonLinesWriter
from tests.plugins.conftest import Live
from tests.timeline.moments import FILM, PAL, footage, moment, timecode

SOURCE = Path(__file__).parents[2] / "plugins" / "premiere"
PACK = runpy.run_path(str(SOURCE / "pack.py"))["pack"]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the panel, compiled against Adobe's types."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed (Debian: nodejs npm)")
    folder = tmp_path_factory.mktemp("premiere") / "premiere"
    shutil.copytree(SOURCE, folder, symlinks=True, ignore=shutil.ignore_patterns("js", "*.ccx"))
    if not (folder / "node_modules" / ".bin" / "tsc").exists():
        fetched = subprocess.run(
            ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
            cwd=folder, capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        if fetched.returncode:
            pytest.skip(f"npm cannot fetch the panel's packages: {fetched.stderr.strip().splitlines()[-1]}")
    done = subprocess.run(["npx", "tsc"], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "panel"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Three moments of two files, as `momentidx export --to jsonl` writes them."""
    film = footage(FILM, 2400, start=timecode(86400))
    found = [
        moment(film, 24, 72, path=Path("/media/A é.mov"), caption="A red\ndoor opens."),
        moment(footage(PAL, 500), 10, 15, path=Path("/media/B.mov"), id=7, caption="A ball."),
        moment(film, 100, 101, path=Path("/media/A é.mov"), id=9, caption="Black."),
    ]
    JsonLinesWriter().write(build(found, name="t"), tmp_path / "results.jsonl")
    return tmp_path / "results.jsonl"


def use(built: Path, folder: Path, **job: Any) -> dict[str, Any]:
    """Click through the panel; the calls, what it said and its rows."""
    (folder / "job.json").write_text(json.dumps({"files": [], **job}))
    fake = Path(__file__).with_name("fake_premiere.cjs")
    done = subprocess.run(
        ["node", fake, built, folder / "job.json"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


DOOR = ["/media/A é.mov", "A red door opens.", "Comment", "24@23.976", "48@23.976", "A red\ndoor opens.\nmomentidx:41"]
BALL = ["/media/B.mov", "A ball.", "Comment", "10@25.000", "5@25.000", "A ball.\nmomentidx:7"]
BLACK = ["/media/A é.mov", "Black.", "Comment", "100@23.976", "1@23.976", "Black.\nmomentidx:9"]
STEP = "momentidx: mark moments"


def test_results_are_listed_and_ticked_footage_gets_markers_over_its_moments(
    built: Path, results: Path, tmp_path: Path
) -> None:
    answer = use(built, tmp_path, files=[str(results)], steps=["open", "footage"])
    assert answer["rows"] == [
        ["A red\ndoor opens.", "A é.mov  01:00:01:00"],
        ["A ball.", "B.mov  00:00:00:10"],
        ["Black.", "A é.mov  01:00:04:04"],
    ]
    assert answer["calls"] == [
        ["choose", ["jsonl", "json"]],
        ["import", ["/media/A é.mov", "/media/B.mov"], True],
        [STEP, *DOOR],
        [STEP, *BLACK],
        [STEP, *BALL],
    ]
    assert answer["said"] == [["3 moments.", ""], ["3 markers on 2 clips.", ""]]


def test_what_is_in_the_project_or_marked_already_is_not_done_again(built: Path, results: Path, tmp_path: Path) -> None:
    known = [{"file": "/media/A é.mov", "marks": [DOOR[-1]]}]
    answer = use(built, tmp_path, files=[str(results)], known=known, steps=["open", 1, "footage"])
    assert answer["calls"][1:] == [[STEP, *BLACK]]
    assert answer["said"][-1] == ["1 markers on 1 clips.", ""]


def test_a_timeline_is_imported_without_questions(built: Path, tmp_path: Path) -> None:
    answer = use(built, tmp_path, files=["/exports/selects.xml"], steps=["timeline"])
    assert answer["calls"] == [
        ["choose", ["xml", "otio", "edl", "aaf"]],
        ["import", ["/exports/selects.xml"], True],
    ]


@pytest.mark.parametrize(
    ("job", "told"),
    [
        ({"steps": ["footage"]}, "Open results and tick some."),
        ({"files": ["/a.xml"], "steps": ["timeline"], "closed": True}, "No project is open."),
        ({"files": ["/a.xml"], "steps": ["timeline"], "refuse": True}, "Premiere did not import /a.xml."),
    ],
)
def test_what_cannot_be_done_is_said(built: Path, tmp_path: Path, job: dict[str, Any], told: str) -> None:
    assert use(built, tmp_path, **job)["said"] == [[told, "failed"]]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("no", "Line 2 is not JSON."),
        ("[]", "Line 2 is not a moment of momentidx."),
        ('{"path": "/a", "caption": "", "rate": "25/0", "start_frame": 0, "end_frame": 1}', "Line 2 is not a moment"),
        ('{"path": "/a", "caption": "", "rate": "25/1", "start_frame": 1, "end_frame": 1}', "Line 2 is not a moment"),
    ],
)
def test_a_file_that_is_not_ours_is_refused_with_the_line(built: Path, tmp_path: Path, line: str, told: str) -> None:
    good = json.dumps(moment(footage(PAL, 500), 0, 5).to_json())
    (tmp_path / "x.jsonl").write_text(f"{good}\n{line}\n")
    answer = use(built, tmp_path, files=[str(tmp_path / "x.jsonl")], steps=["open"])
    assert answer["said"][0][0].startswith(told)
    assert answer["rows"] == []


RED = "something red crosses the frame"


def test_a_running_momentidx_is_found_by_its_file_searched_and_its_moments_become_a_sequence(
    built: Path, live: Live, tmp_path: Path
) -> None:
    answer = use(
        built,
        tmp_path,
        files=[str(live.folder / "web.json")],
        fields={"words": RED},
        steps=["connection", "find", 1, "cut"],
    )
    best = live.server.desk.search(RED, Wish(50)).moments
    assert answer["rows"][0] == [best[0].event.caption, f"{best[0].path.name}  {best[0].timecodes[0]}"]
    assert [text for text, _ in answer["said"]][:2] == [f"Connected to {live.server.url}.", f"{len(best)} moments."]
    assert json.loads(answer["secrets"]["momentidx-server"]) == {"url": live.server.url, "token": live.server.token}
    stills = [live.server.desk.library().still(moment.id) for moment in best]
    assert [base64.b64decode(url.partition(",")[2]) for url in answer["pictures"]] == [
        still.read_bytes() for still in stills if still
    ]
    (written,) = (Path(paths[0]) for name, paths, *_ in answer["calls"] if name == "import")
    cut = otio.adapters.read_from_file(str(written), adapter_name="fcp_xml")
    frames = [
        (clip.name, round(clip.source_range.start_time.value - clip.media_reference.available_range.start_time.value))
        for clip in cut.video_tracks()[0].find_clips()
    ]
    kept = [moment for place, moment in enumerate(best) if place != 1]
    assert [frame for _, frame in frames] == [moment.frames[0] for moment in kept]


def test_the_newest_bin_is_listed_with_the_address_that_was_kept_or_typed(
    built: Path, live: Live, tmp_path: Path
) -> None:
    one, two = live.moments[:2]
    live.choose("Old", one)
    live.choose("INT/EXT 100%", two, one)
    kept = {"momentidx-server": json.dumps({"url": live.server.url, "token": live.server.token})}
    answer = use(built, tmp_path, secrets=kept, steps=["bin"])
    assert answer["said"] == [["INT/EXT 100%: 2 moments.", ""]]
    assert [caption for caption, _ in answer["rows"]] == [two.event.caption, one.event.caption]
    typed = {"url": f" {live.server.url}/ ", "token": live.server.token}
    assert use(built, tmp_path, fields=typed, steps=["connect"])["said"] == [[f"Connected to {live.server.url}.", ""]]


@pytest.mark.parametrize(
    ("fields", "steps", "told"),
    [
        ({"words": "a ball"}, ["find"], "Say where momentidx runs"),
        ({"url": "http://127.0.0.1:9", "token": "x"}, ["connect"], "momentidx does not answer at http://127.0.0.1:9."),
        ({"url": "{url}", "token": "wrong"}, ["connect"], "Log in first"),
        ({"url": "{url}", "token": "{token}", "words": " "}, ["find"], "Say what happens"),
        ({"url": "{url}", "token": "{token}", "words": "kind:("}, ["find"], ""),
        ({"url": "{url}", "token": "{token}"}, ["bin"], "There is no bin yet."),
        ({"url": "{url}", "token": "{token}"}, ["cut"], "Find moments and tick some."),
    ],
)
def test_what_a_running_momentidx_cannot_do_is_said(
    built: Path, live: Live, tmp_path: Path, fields: dict[str, str], steps: list[str], told: str
) -> None:
    filled = {name: text.format(url=live.server.url, token=live.server.token) for name, text in fields.items()}
    ((said, shown),) = use(built, tmp_path, fields=filled, steps=steps)["said"]
    assert said.startswith(told)
    assert shown == "failed"


def test_the_package_holds_all_that_the_page_loads_and_is_the_same_every_time(built: Path, tmp_path: Path) -> None:
    names = PACK(built, tmp_path / "one.ccx")
    PACK(built, tmp_path / "two.ccx")
    assert (tmp_path / "one.ccx").read_bytes() == (tmp_path / "two.ccx").read_bytes()
    page = (built / "index.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert names == zipfile.ZipFile(tmp_path / "one.ccx").namelist() == sorted(["manifest.json", "index.html", *loaded])


def test_a_panel_that_was_not_built_is_not_packed(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="build the panel first"):
        PACK(SOURCE / "src", tmp_path / "x.ccx")


def test_the_lock_file_pins_every_package_and_names_no_host() -> None:
    lock = json.loads((SOURCE / "package-lock.json").read_text())
    packages = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert "://" not in json.dumps(lock)
    wanted = json.loads((SOURCE / "package.json").read_text())["devDependencies"]
    assert {name.removeprefix("node_modules/"): entry["version"] for name, entry in packages.items()} == wanted
