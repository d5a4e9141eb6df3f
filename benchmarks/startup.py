"""How long the commands take to answer: `--help`, `status`, `find`, each as a fresh process.

    python benchmarks/startup.py [LIBRARY]

Prints the median of five runs after one to warm the disk cache. Without a library, only `--help`.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

COMMAND = Path(sys.executable).with_name("momentidx")
GOALS = {"--help": 0.3, "status": 0.6}
"""Seconds, on two cores."""


def seconds(*arguments: str) -> float:
    start = time.perf_counter()
    subprocess.run([COMMAND, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def main() -> None:
    commands = [["--help"]]
    if len(sys.argv) > 1:
        library = ["--library", sys.argv[1]]
        commands += [["status", *library], ["find", "a red ball", *library]]
    for arguments in commands:
        seconds(*arguments)
        median = statistics.median(seconds(*arguments) for _ in range(5))
        goal = GOALS.get(arguments[0])
        verdict = "" if goal is None else f"  goal {goal} s: {'met' if median <= goal else 'NOT MET'}"
        print(f"{arguments[0]:<8} {median:.2f} s{verdict}")


if __name__ == "__main__":
    main()
