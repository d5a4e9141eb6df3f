"""`momentidx footage`: what is in the library, clip by clip, and forgetting it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from momentidx.commands.setting_up import JsonOption, LibraryOption, set_up
from momentidx.commands.showing import counted, length_text, plain
from momentidx.errors import WrongUse
from momentidx.times import rate_text

if TYPE_CHECKING:
    from momentidx.footage import Footage
    from momentidx.library import FootageSummary
    from momentidx.library.forget import Forgetting

FINGERPRINT = re.compile(r"[0-9a-f]{6,}")

footage_app = typer.Typer(no_args_is_help=True, help="Look at the footage in the library, and forget some.")


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
    file: Annotated[str, typer.Argument(metavar="FILE", help="A media file, or the beginning of a fingerprint.")],
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


@footage_app.command()
def forget(
    which: Annotated[
        list[str] | None,
        typer.Argument(metavar="FILE|FOLDER|FINGERPRINT", help="Where it lies or lay, or its fingerprint."),
    ] = None,
    offline_since: Annotated[
        datetime | None,
        typer.Option(metavar="DATE", help="All whose files have all been away since before this day."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
    library: LibraryOption = None,
) -> None:
    """Delete what the library knows of footage: the only way in which anything is ever deleted.

    Shows what would go, and asks. The media files are not touched: a file that is still there is found again.
    """
    from momentidx.library.forget import forget as delete

    if not which and offline_since is None:
        raise WrongUse("Say what to forget: files, folders, fingerprints, or --offline-since DATE.")
    setup = set_up(library)
    with setup.read() as opened:
        known = opened.known_files()
        paths, fingerprints = _named(which or (), known)
        since = offline_since and offline_since.astimezone()
        going = opened.forgetting(paths, fingerprints, since)
    for each in going:
        typer.echo(json.dumps(_told(each)) if as_json else _going(each))
    if not going:
        typer.echo("Nothing to forget.", err=True)
        return
    online = sum(each.online for each in going)
    if online:
        typer.echo(f"{counted(online, 'file')} of it still there: watched or indexed again, it comes back.", err=True)
    if not yes and not typer.confirm(f"Forget {_sum(going)}?", err=True):
        typer.echo("Nothing was changed.", err=True)
        raise typer.Exit(1)
    delete(setup.folder, going)
    typer.echo(f"Forgot {_sum(going)}.", err=as_json)


def _named(which: Sequence[str], known: Collection[Path]) -> tuple[list[Path], list[str]]:
    """Paths and fingerprints: what looks like a fingerprint and is no known file is one."""
    fingerprints = [word for word in which if FINGERPRINT.fullmatch(word) and Path(word).absolute() not in known]
    return [Path(word).absolute() for word in which if word not in fingerprints], fingerprints


def _going(each: Forgetting) -> str:
    what = [counted(each.events, "event")] if each.fingerprint else ["only the file"]
    what += [counted(each.said, "caption") + " of yours"] if each.said else []
    bins = ", ".join(f"'{plain(name)}'" for name in each.bins)
    what += [f"{counted(each.selects, 'select')} in {bins}"] if each.selects else []
    where = "\n".join(f"{'':10}{plain(path)}" for path in each.paths) or f"{'':10}(lies nowhere)"
    return f"{(each.fingerprint or '-')[:8]:<8}  {', '.join(what)}\n{where}"


def _told(each: Forgetting) -> dict[str, Any]:
    return {
        "footage": each.fingerprint, "paths": [str(path) for path in each.paths], "online": each.online,
        "events": each.events, "captions": each.said, "selects": each.selects, "bins": list(each.bins),
    }  # fmt: skip


def _sum(going: Sequence[Forgetting]) -> str:
    """`2 clips, 31 events, 1 caption of yours and 3 selects`."""
    clips = sum(each.fingerprint is not None for each in going)
    parts = [counted(clips, "clip")] if clips else []
    parts += [counted(len(going) - clips, "file")] if clips < len(going) else []
    parts += [counted(events, "event")] if (events := sum(each.events for each in going)) else []
    parts += [f"{counted(said, 'caption')} of yours"] if (said := sum(each.said for each in going)) else []
    parts += [counted(selects, "select")] if (selects := sum(each.selects for each in going)) else []
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


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
