"""Why there is no answer, or not the one that was hoped for: what was searched at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from momentidx.library import Library


def coverage(library: Library) -> str:
    """What is indexed, pending, failed, offline and never analysed, as a sentence."""
    status = library.status()
    parts = [f"{status.events:,} events of {status.footage:,} clips were searched"]
    if status.pending_files:
        parts.append(f"{status.pending_files:,} files are still to be analysed")
    if status.failures:
        failed = {failure.path for failure in status.failures}
        parts.append(f"{len(failed):,} failed (momentidx status)")
    if silent := library.silent():
        parts.append(f"{silent:,} clips have no event")
    if status.offline:
        parts.append(f"{status.offline:,} files are offline; their events were searched")
    if status.paused:
        parts.append(f"{len(status.paused):,} folders are paused")
    return "; ".join(parts) + "."
