"""The documentation says what is true: its examples run, and generated pages are up to date."""

import doctest
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_examples_give_what_the_page_shows(page: Path) -> None:
    assert doctest.testfile(str(page), module_relative=False).failed == 0


def test_generated_pages_are_what_the_program_says_today() -> None:
    # In a process of its own: the help text depends on the terminal and on what pytest has imported.
    program = (
        f"import runpy; pages = runpy.run_path({str(DOCS / 'generate.py')!r})['PAGES']\n"
        f"from pathlib import Path\n"
        f"for name, page in pages.items():\n"
        f"    assert Path({str(DOCS)!r}, name).read_text(encoding='utf-8') == page(), name\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"run 'python docs/generate.py': {done.stderr}"


@pytest.mark.parametrize("page", [ROOT / "README.md", *sorted(DOCS.glob("*.md"))], ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), f"{page.name} links to {target}"
