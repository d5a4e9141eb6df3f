"""Settings: one frozen object, built once from four sources and passed down.

Later sources win: the defaults below, `momentidx.toml` in the library folder, `MOMENTIDX_*`
environment variables, options of the command line. Each value remembers where it came from, so that
`momentidx config show` can say so. Nothing else reads the environment or the settings file.

The merging is our own forty lines because pydantic-settings does not tell which source won, and
costs every command a fifth of a second to import.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from momentidx.errors import WrongUse

SETTINGS_FILE = "momentidx.toml"
PREFIX = "MOMENTIDX_"

_ENDINGS = (
    *("3gp", "avi", "dv", "f4v", "flv", "gxf", "m2t", "m2ts", "m2v", "m4v", "mkv", "mov", "mp4", "mpeg"),
    *("mpg", "mts", "mxf", "ogv", "qt", "ts", "vob", "webm", "wmv"),
)

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
ReelLength = Annotated[int, Field(ge=8, le=32)]


class Settings(BaseModel):
    """Every setting, its default and its help text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    captioners: tuple[str, ...] = Field(("shotlog",), description="Captioners that describe new footage, in order.")
    embedder: str = Field("minilm", description="What turns captions and queries into vectors.")

    settle_seconds: Seconds = Field(
        5.0, description="A file counts as complete when its size and times stood still this long."
    )
    scan_seconds: Seconds = Field(
        300.0, description="How often watched folders are walked in full, whatever the events said."
    )
    extensions: tuple[str, ...] = Field(
        _ENDINGS,
        description="File name endings that are looked at in folders; a file named outright is always tried.",
    )
    ignore: tuple[str, ...] = Field(
        (".*", "*.part", "*.partial", "*.crdownload", "*.tmp", "@eaDir", "#recycle", "$RECYCLE.BIN"),
        description="Names of files and folders to pass over (shell patterns).",
    )

    decode_threads: Count = Field(2, description="Threads of the decoding child.")
    decode_memory_mb: Count = Field(
        2048, description="Memory the decoding child may use; a file that needs more fails."
    )
    decode_base_seconds: Seconds = Field(
        30.0, description="Time a file may take to decode, before its length is counted ..."
    )
    decode_seconds_per_second: Seconds = Field(2.0, description="... and the seconds added for each second of footage.")
    max_pixels: Count = Field(8192 * 4320, description="Pictures with more pixels than this are refused.")
    still_width: Count = Field(320, description="Width of stored stills in pixels.")

    models_folder: Path | None = Field(
        None, description="Where models are installed; without it: the folder `models` of your user data."
    )

    find_limit: Count = Field(10, description="How many moments `find` shows when not told otherwise.")
    edl_reel_length: ReelLength = Field(8, description="Letters of a reel name in an EDL: 8 to 32.")


@dataclass(frozen=True, slots=True)
class Sources:
    """The settings together with where each value came from."""

    settings: Settings
    origin: Mapping[str, str]
    """For each setting: `default`, the settings file, the environment variable, or `option`."""


def load_settings(library: Path, environment: Mapping[str, str], options: Mapping[str, Any] | None = None) -> Sources:
    """Merge all sources for one library folder.

    Raises WrongUse for a settings file that cannot be read, a name that does not exist and a value
    that is not accepted, naming the source and what would be accepted.
    """
    values: dict[str, Any] = {}
    origin = dict.fromkeys(Settings.model_fields, "default")
    file = library / SETTINGS_FILE
    for source, found in (
        (str(file), _from_file(file)),
        (None, _from_environment(environment)),
        ("option", dict(options or {})),
    ):
        for name, value in found.items():
            if name not in Settings.model_fields:
                raise WrongUse(f"{source}: there is no setting '{name}'.{_nearest(name)}")
            values[name] = value
            origin[name] = source or PREFIX + name.upper()
    try:
        return Sources(Settings.model_validate(values), origin)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise WrongUse(f"{origin[name]}: '{name}' = {values[name]!r} is not accepted: {first['msg']}.") from error


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise WrongUse(f"{file}: the settings cannot be read: {error}. Correct the file or move it away.") from error


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Settings set as `MOMENTIDX_NAME`; lists are separated by commas."""
    found: dict[str, Any] = {}
    for name, field in Settings.model_fields.items():
        text = environment.get(PREFIX + name.upper())
        if text is not None:
            is_list = isinstance(field.default, tuple)
            found[name] = tuple(part.strip() for part in text.split(",") if part.strip()) if is_list else text
    return found


def _nearest(name: str) -> str:
    close = get_close_matches(name, Settings.model_fields, n=1)
    return f" Did you mean '{close[0]}'?" if close else " 'momentidx config show' lists them all."
