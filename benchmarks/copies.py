"""Measures how long the copies that browsers play take to make, and how large they are.

    python benchmarks/copies.py FILE ...

Processor seconds, of all processors together, for each second of footage: other work on the machine disturbs them
less than the wall's clock.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

from momentidx.config import Settings
from momentidx.media.child import Decoder
from momentidx.media.probe import probe
from momentidx.media.source import Source


def main(files: list[Path]) -> None:
    """One line for each file, as a table."""
    print("| file | footage | processor s / s | wall s / s | MB / min | memory of the child |")
    print("|---|---|---|---|---|---|")
    settings = Settings.model_validate({})
    for file in files:
        with Decoder(settings) as decoder:
            footage = probe(file, decoder)
        before, begun, size = _spent(), time.monotonic(), 0
        with Decoder(settings) as decoder:
            for piece in Source(file, footage, decoder, settings).light_copy():
                size = max(size, piece.at + len(piece.data))
        seconds, video = float(footage.duration), footage.video
        print(
            f"| {file.name} | {video.codec} {video.width}x{video.height}, {seconds:.1f} s "
            f"| {(_spent() - before) / seconds:.2f} | {(time.monotonic() - begun) / seconds:.2f} "
            f"| {size / 1e6 / seconds * 60:.0f} | {resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024} MB |"
        )


def _spent() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
