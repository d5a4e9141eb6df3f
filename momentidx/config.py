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
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

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
QuietWindow = Annotated[str, Field(pattern=r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]


class FolderSettings(BaseModel):
    """Settings that can be otherwise for the footage below one folder; what is not given stays as it is."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    captioners: tuple[str, ...] | None = None
    priority: int | None = None
    settle_seconds: Seconds | None = None


class Settings(BaseModel):
    """Every setting, its default and its help text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    captioners: tuple[str, ...] = Field(
        ("shotlog",), description="Captioners that describe new footage, in order; auto: the best one."
    )
    embedder: str = Field(
        "minilm",
        description="What turns captions and queries into vectors; `minilm` knows English, `multilingual` more.",
    )

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
        (
            *(".*", "*.part", "*.partial", "*.crdownload", "*.tmp", "@eaDir", "@Recycle", "#recycle", "#snapshot"),
            *("$RECYCLE.BIN", "System Volume Information", "lost+found"),
        ),
        description="Names of files and folders to pass over (shell patterns).",
    )

    poll_seconds: Seconds = Field(
        60.0, description="The same for folders that give no events, such as those on network shares."
    )
    priority: int = Field(0, description="Footage of higher priority is indexed sooner.")
    queue_order: Literal["oldest", "newest"] = Field(
        "oldest",
        description="What goes first of equal priority: what waits longest, or (newest) the file modified last.",
    )
    pair_proxies: bool = Field(
        True,
        description="A lighter copy with the same name, start timecode and length as another file is taken for its "
        "proxy and not described.",
    )
    quiet_window: QuietWindow = Field(
        "", description="Watched footage is indexed only in this window of the day, such as 22:00-06:00; empty: always."
    )
    yield_load: float = Field(
        0.0, ge=0, description="Wait while the load of the machine per core is above this, our own included; 0: never."
    )
    yield_gpu: float = Field(
        0.0,
        ge=0,
        le=100,
        description="Wait while other programs use more than so many percent of an NVIDIA GPU; 0: never.",
    )
    min_free_mb: Count = Field(
        500, description="Watching pauses when the library's disk has less room, or less than 1 %, whichever is less."
    )

    decode_threads: Count = Field(2, description="Threads of the decoding child.")
    decode_memory_mb: Count = Field(
        2048, description="Memory the decoding child may use; a file that needs more fails."
    )
    decode_bubblewrap: bool = Field(
        False, description="Put the decoding child into bubblewrap (`bwrap`) as well, where that is installed."
    )
    decode_base_seconds: Seconds = Field(
        30.0, description="Time a file may take to decode, before its length is counted ..."
    )
    decode_seconds_per_second: Seconds = Field(2.0, description="... and the seconds added for each second of footage.")
    max_pixels: Count = Field(8192 * 4320, description="Pictures with more pixels than this are refused.")
    still_width: Count = Field(320, description="Width of stored stills in pixels.")
    stills_max_mb: Count = Field(
        2048, description="Room for stored pictures; when they take more, those of what was indexed first are deleted."
    )

    proxies_max_mb: Count = Field(
        4096,
        description="Room for the copies of footage that a browser cannot play; when they take more, those that were "
        "not watched for longest are deleted.",
    )

    window_seconds: Seconds = Field(
        120.0, description="Seconds of footage that a captioner with a model looks at in one go ..."
    )
    window_overlap_seconds: float = Field(10.0, ge=0, description="... and the seconds that two looks share at least.")
    refine_edges: bool = Field(
        False, description="Captioners with a model look a second time, more closely, at where events begin and end."
    )
    scripted_answers: Path | None = Field(None, description="File of answers for the captioner `scripted`.")
    endpoint_url: str = Field(
        "http://127.0.0.1:8000/v1", description="OpenAI-compatible server for the captioner `endpoint`."
    )
    endpoint_model: str = Field("", description="Name of the model on that server.")
    endpoint_token: SecretStr | None = Field(
        None, description="Token for that server; best given as MOMENTIDX_ENDPOINT_TOKEN, never shown."
    )
    endpoint_pictures: Count = Field(32, description="Pictures that the server is shown in one go, at most.")
    endpoint_concurrency: Count = Field(4, description="Questions that the server is asked at the same time.")
    endpoint_timeout_seconds: Seconds = Field(120.0, description="Without an answer for so long, it is asked again.")
    video_model: str = Field(
        "",
        description="Video chat model for the captioner `transformers`: a name of docs/captioners.md, a folder, or "
        "a hub id (`org/name` or `org/name@revision`); empty: the best that is installed and fits.",
    )
    video_pictures: Count = Field(64, description="Pictures that the model is shown in one go, at most.")
    video_width: Count = Field(448, description="Width of these pictures in pixels.")
    video_batch: Count = Field(8, description="Questions that the model is asked at once; fewer when memory is short.")
    decoding: Literal["dynamic", "static", "compiled"] = Field(
        "dynamic",
        description="How models in this process keep what they read: growing with the answer, in room set aside "
        "(static), or that with a compiled network (on a GPU).",
    )
    gpu_memory_gb: float = Field(0.0, ge=0, description="GPU memory that models may use, in GB; 0: all of it.")

    detector_model: str = Field(
        "IDEA-Research/grounding-dino-tiny",
        description="Grounding DINO for the detector `grounding-dino`: a folder, or a hub id that was fetched already.",
    )
    models_folder: Path | None = Field(
        None, description="Where models are installed; without it: the folder `models` of your user data."
    )

    find_limit: Count = Field(10, description="How many moments `find` shows when not told otherwise.")
    search_gpu: bool = Field(
        False, description="Keep the search index on the first GPU; needs FAISS with GPU support (docs/search.md)."
    )
    edl_reel_length: ReelLength = Field(8, description="Letters of a reel name in an EDL: 8 to 32.")

    web: bool = Field(True, description="Watching serves the page and the API as well, when the extra `web` is there.")
    web_listen: str = Field(
        "127.0.0.1", description="Address where they listen; one that others can reach needs web_hosts as well."
    )
    web_port: int = Field(
        7420, ge=0, le=65535, description="Their port; a free one is taken when this one is not and nobody chose it."
    )
    web_hosts: tuple[str, ...] = Field(
        (), description="Names they are asked for by besides localhost, such as that of a reverse proxy (docs/web.md)."
    )

    folders: dict[Path, FolderSettings] = Field(
        {},
        description="For the footage below single folders: captioners, priority or settle_seconds.",
    )

    @field_validator("folders")
    @classmethod
    def _absolute(cls, folders: dict[Path, FolderSettings]) -> dict[Path, FolderSettings]:
        found = {folder.expanduser(): settings for folder, settings in folders.items()}
        for folder in found:
            if not folder.is_absolute():
                raise ValueError(f"'{folder}' is not the whole path of a folder")
        return found

    def for_path(self, path: Path) -> Self:
        """The settings that hold for a file: those of the innermost of `folders` that it lies in go first."""
        around = [folder for folder in self.folders if path.is_relative_to(folder)]
        if not around:
            return self
        innermost = self.folders[max(around, key=lambda folder: len(folder.parts))]
        return self.model_copy(update=innermost.model_dump(exclude_none=True))


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
                raise WrongUse(f"{_line(source or '', name)}: there is no setting '{name}'.{_nearest(name)}")
            values[name] = value
            origin[name] = source or PREFIX + name.upper()
    try:
        return Sources(Settings.model_validate(values), origin)
    except ValidationError as error:
        raise WrongUse(_rejected(error, origin)) from error


def _rejected(error: ValidationError, origin: Mapping[str, str]) -> str:
    """What is wrong with the first value that is not accepted, and where it stands."""
    first = error.errors()[0]
    name, *inner = map(str, first["loc"])
    source = origin[name]
    if name == "folders" and len(inner) > 1:
        folder, key = inner[:2]
        source = _line(source, folder, key)
        if first["type"] == "extra_forbidden":
            known = ", ".join(FolderSettings.model_fields)
            return f"{source}: there is no setting '{key}' for a folder. There are: {known}."
        name = f'folders."{folder}".{key}'
    else:
        source = _line(source, name)
    return f"{source}: '{name}' = {first['input']!r} is not accepted: {first['msg'].removeprefix('Value error, ')}."


def _line(source: str, *words: str) -> str:
    """A source; and when it is the settings file, the line of it where the words stand one after the other."""
    found = 0
    if Path(source).name == SETTINGS_FILE:
        lines = Path(source).read_text(encoding="utf-8").splitlines()
        for word in words:
            found = next((number for number, line in enumerate(lines, 1) if number >= found and word in line), 0)
    return f"{source}, line {found}" if found else source


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
        if text is not None and name != "folders":  # a table does not fit into a variable
            is_list = isinstance(field.default, tuple)
            found[name] = tuple(part.strip() for part in text.split(",") if part.strip()) if is_list else text
    return found


def _nearest(name: str) -> str:
    close = get_close_matches(name, Settings.model_fields, n=1)
    return f" Did you mean '{close[0]}'?" if close else " 'momentidx config show' lists them all."
