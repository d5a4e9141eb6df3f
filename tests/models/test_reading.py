"""Reading text: what its networks' runtime may not do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from momentidx.models.reading import can_read

READING = """
import numpy as np
from momentidx.models.reading import Reader
assert Reader().find(np.full((64, 64, 3), 128, np.uint8)) == []
"""


@pytest.mark.skipif(not can_read(), reason="the extra 'ocr' is not installed")
def test_reading_leaves_nothing_in_the_users_folders_and_so_reports_to_nobody(tmp_path: Path) -> None:
    """The runtime's reports begin with a number of the user in a file; without a `CI` it would make them."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "GITHUB_ACTIONS", "HOME")}
    environment = {**kept, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", READING], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []
