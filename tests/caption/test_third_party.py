"""The captioner that `docs/captioners.md` shows, installed as a package of somebody else's."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.clips import render

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "captioners.md").read_text(encoding="utf-8")


def block(first_line: str) -> str:
    """The code block of the page that begins so."""
    (found,) = re.findall(rf"```\w+\n{re.escape(first_line)}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages with the example in it, as pip would install it; and a clip."""
    site = tmp_path_factory.mktemp("site")
    (site / "daylight.py").write_text(block("# daylight.py"))
    (entry_point,) = re.findall(r"\[project.entry-points.momentidx\]\n(.*)", block("# pyproject.toml"))
    facts = site / "daylight-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: daylight\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[momentidx]\n{entry_point.replace(chr(34), '')}\n")

    def picture(number: int) -> np.ndarray:
        return np.full((180, 320, 3), 30 if number < 50 else 200, np.uint8)

    render(site / "clip.mp4", frames=100, picture=picture, strip=False)
    return site


def momentidx(site: Path, *command: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}
    program = [sys.executable, "-c", "import typer_app; typer_app.main()", *command, "--library", str(site / "library")]
    return subprocess.run(program, env=environment, capture_output=True, text=True, check=True, cwd=site)


def test_the_documented_captioner_describes_and_locates(site: Path) -> None:
    clip = str(site / "clip.mp4")
    told = [json.loads(line) for line in momentidx(site, "describe", clip, "-c", "daylight").stdout.splitlines()]
    assert [(row["start_frame"], row["end_frame"], row["caption"]) for row in told] == [
        (0, 50, "A dark shot."),
        (50, 100, "A bright shot."),
    ]
    (found,) = map(json.loads, momentidx(site, "locate", clip, "bright", "-c", "daylight").stdout.splitlines())
    assert (found["start_frame"], found["end_frame"], found["kind"]) == (50, 100, "located")


def test_the_table_of_models_in_the_page_is_the_programs() -> None:
    from momentidx.caption.transformers.known import KNOWN
    from momentidx.models.devices import ROOM

    rows = re.findall(r"^\| `([\w.-]+)` \| (\S+/\S+) \| (\S+) \| (\d+) GB \|$", PAGE, re.MULTILINE)
    assert rows == [(one.name, one.repo, one.licence, f"{one.gigabytes * ROOM:.0f}") for one in KNOWN]
