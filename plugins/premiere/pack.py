#!/usr/bin/env python3
"""Pack the built panel as momentidx.ccx (a zip): npm ci && npx tsc && python3 pack.py [FILE]

The same panel gives the same bytes: names are sorted and the files carry no date.
"""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path

PANEL = Path(__file__).parent / "panel"
SCRIPTS = ("moments", "server", "premiere", "panel")


def pack(panel: Path, file: Path) -> list[str]:
    """Write the package; the names in it."""
    missing = [name for name in SCRIPTS if not (panel / "js" / f"{name}.js").is_file()]
    if missing:
        raise SystemExit(f"{panel / 'js'} lacks {', '.join(missing)}: build the panel first (npm ci && npx tsc).")
    main = json.loads((panel / "manifest.json").read_text(encoding="utf-8"))["main"]
    files = ["manifest.json", main, "panel.css", *(f"js/{name}.js" for name in SCRIPTS)]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name in sorted(files):
            package.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), (panel / name).read_bytes())
    return sorted(files)


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "momentidx.ccx")
    print(f"{target}: {', '.join(pack(PANEL, target))}")
