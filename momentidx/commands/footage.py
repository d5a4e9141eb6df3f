"""`momentidx footage`: what is in the library, clip by clip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, length_text, plain
from momentidx.times import rate_text

if TYPE_CHECKING:
    from momentidx.footage import Footage
    from momentidx.library import FootageSummary

footage_app = typer.Typer(no_args_is_help=True, help="Look at the footage in the library.")


@footage_app.command("list")
def list_all(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List all footage: length, rate, start timecode, number of events, where it lies."""
    setup = set_up(library)
    with setup.read() as opened:
        found = opened.footage()
    for summary in found:
        typer.echo(json.dumps(_facts(summary)) if as_json else _line(summary))


@footage_app.command()
def show(
    file: Annotated[str, typer.Argument(help="A media file, or the beginning of a fingerprint.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show everything that is known of one clip's file."""
    setup = set_up(library)
    with setup.read() as opened:
        summary = opened.find_footage(file)
    if as_json:
        typer.echo(json.dumps(_facts(summary)))
        return
    for name, text in _around(summary) + sheet(summary.footage):
        typer.echo(f"{name:<12} {plain(text)}")


def _line(summary: FootageSummary) -> str:
    footage, place = summary.footage, summary.locations[0]
    start = footage.timecode(0) if footage.start.source != "none" else None
    events = sum(layer.events for layer in summary.layers)
    offline = "" if place.online else "  (offline)"
    columns = (
        f"{footage.fingerprint[:8]}  {length_text(footage.duration):>8}  {rate_text(footage.rate):>6} fps  "
        f"{start or '-':<11}  {counted(events, 'event'):>11}"
    )
    return f"{columns}  {plain(place.path)}{offline}"


def _facts(summary: FootageSummary) -> dict[str, Any]:
    return {
        **summary.footage.to_json(),
        "seconds": float(summary.footage.duration),
        "start_timecode": summary.footage.timecode(0),
        "locations": [
            {"path": str(place.path), "online": place.online, "proxy": place.proxy} for place in summary.locations
        ],
        "layers": [
            {"captioner": item.layer.captioner, "version": item.layer.version, "events": item.events}
            for item in summary.layers
        ],
        "poster": str(summary.poster) if summary.poster else None,
        "added_at": summary.added_at.isoformat(),
    }


def sheet(footage: Footage) -> list[tuple[str, str]]:
    """The facts of one footage in words, as name and text."""
    rows = [
        ("fingerprint", footage.fingerprint),
        ("length", f"{length_text(footage.duration)}, {counted(footage.length_frames, 'frame')}"),
        ("rate", f"{rate_text(footage.rate)} fps{', variable' if footage.variable_rate else ''}"),
        ("timecode", _timecode(footage)),
        ("picture", _picture(footage)),
    ]
    rows += [("sound", f"{track.codec}, {track.sample_rate} Hz, {track.layout}") for track in footage.audio]
    rows += [(name, text) for name in ("reel", "camera", "created") if (text := getattr(footage, name))]
    rows += [("container", footage.container)]
    return rows + [("note", text) for text in footage.warnings]


def _around(summary: FootageSummary) -> list[tuple[str, str]]:
    """What the library adds to the facts."""
    rows = [
        ("proxy" if place.proxy else "file", f"{place.path}{'' if place.online else ' (offline)'}")
        for place in summary.locations
    ]
    for item in summary.layers:
        rows.append(("layer", f"{item.layer.captioner} {item.layer.version}: {counted(item.events, 'event')}"))
    return rows + ([("poster", str(summary.poster))] if summary.poster else [])


def _timecode(footage: Footage) -> str:
    if footage.start.source == "none":
        return "none in the file; counted from 0"
    kind = "drop-frame" if footage.start.drop_frame else "non-drop"
    return f"{footage.timecode(0)} ({kind}, from the {footage.start.source})"


def _picture(footage: Footage) -> str:
    video = footage.video
    parts = [f"{video.width}x{video.height}", video.codec, f"{video.bit_depth} bit"]
    parts += [f"rotated {video.rotation}°"] if video.rotation else []
    parts += [f"pixel aspect {video.sample_aspect}"] if video.sample_aspect != 1 else []
    parts += ["interlaced"] if video.interlaced else []
    parts += [video.transfer] if video.transfer else []
    return ", ".join(parts)
