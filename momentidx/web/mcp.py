"""The tools that an assistant gets by the Model Context Protocol: to search, to look, to choose and to export.

They do what the API's routes do, and less: nothing here deletes or replaces anything. An export never overwrites a
file, and what a person chose or noted can be added to, not taken away.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

from mcp.server import MCPServer
from mcp.server.mcpserver import Image
from mcp.server.mcpserver.exceptions import ToolError
from mcp.types import ToolAnnotations
from pydantic import Field

from momentidx import __version__
from momentidx.errors import MomentidxError, WrongUse
from momentidx.library import FootageSummary
from momentidx.library.bins import BEST_RATING, LONGEST_NOTE
from momentidx.search.asking import Wish
from momentidx.times import Span
from momentidx.web.desk import Desk
from momentidx.web.exporting import Options, What, chosen, write
from momentidx.web.routes.finding import original
from momentidx.web.routes.selects import Added, BinSummary
from momentidx.web.security import LOOPBACK_NAMES, Failures, Gate, Guard
from momentidx.web.seen import Clip, Entry, Found, Log, Seen, Written, clip_of
from momentidx.web.stretches import Stretch, moments_of
from momentidx.web.values import Number, shown

INSTRUCTIONS = """\
momentidx knows what happens in a person's video footage and when. `search` finds moments by describing them in plain
words; `look` shows pictures of one; `describe_footage` gives the log of a whole clip. Collect what fits with
`add_to_bin`, then `export` the bin for the person's editing program. Captions are written by machines unless `human`
is true: look at the pictures before you rely on one. Frames count from a clip's first picture, ends are exclusive."""

ASKING_SECONDS = 600.0
"""A vision model may take minutes for its answer."""
MOST_ANSWERS = 100
MOST_PICTURES = 12
MOST_CLIPS = 500
MOST_EVENTS = 1000

QUERY = (
    'A sentence in plain words, as one describes a shot. Narrowed down where wanted: "exactly these words", -without, '
    "one thing THEN another, camera:static, duration:>10s."
)

Asker = Callable[[Path, str], str]
"""Answers a question about a file. Raises MomentidxError."""

LOOKS = ToolAnnotations(read_only_hint=True, open_world_hint=False)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, open_world_hint=False)

P = ParamSpec("P")
T = TypeVar("T")


def create_mcp(desk: Desk, exports: Path, ask: Asker | None = None) -> MCPServer[Any]:
    """The server of one library. `exports` is where files are written; without `ask` there is no such tool."""
    server: MCPServer[Any] = MCPServer(
        "momentidx", title="momentidx", version=__version__, instructions=INSTRUCTIONS, log_level="WARNING"
    )
    tools = Tools(desk, exports, ask)
    looking: list[Callable[..., Any]] = [tools.search, tools.look, tools.list_footage, tools.describe_footage]
    if ask is not None:
        looking.append(tools.ask_about)
    looking += [tools.list_bins, tools.read_bin]
    adding: list[Callable[..., Any]] = [tools.add_to_bin, tools.order_bin, tools.note_in_bin, tools.export]
    for tool in looking:  # pictures have no structure
        server.add_tool(_explained(tool), annotations=LOOKS, structured_output=False if tool == tools.look else None)
    for tool in adding:
        server.add_tool(_explained(tool), annotations=ADDS)
    return server


def over_http(server: MCPServer[Any], desk: Desk) -> Guard:
    """The server as an app at `/mcp`, behind the same guard as the API: only who has the token is answered."""
    gate = Gate(desk.keys, frozenset(LOOPBACK_NAMES), Failures())
    return Guard(server.streamable_http_app(), gate=gate, seconds=ASKING_SECONDS)


def _explained(tool: Callable[P, T]) -> Callable[P, T]:
    """What a person can act on is told to the assistant as well; anything else is an error of ours."""

    @functools.wraps(tool)
    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return tool(*args, **kwargs)
        except MomentidxError as error:
            raise ToolError(shown(str(error))) from error

    return told


class Tools:
    """What each tool does; its docstring is what the assistant reads."""

    def __init__(self, desk: Desk, exports: Path, ask: Asker | None) -> None:
        self._desk = desk
        self._exports = exports
        self._ask = ask

    def search(
        self,
        query: Annotated[str, Field(max_length=2000, description=QUERY)],
        limit: Annotated[int, Field(ge=1, le=MOST_ANSWERS)] = 10,
        one_per_clip: bool = False,
    ) -> Found:
        """Find moments in the footage by describing what happens in them, best first."""
        found = self._desk.search(query, Wish(limit, one_per_clip=one_per_clip))
        moments = [Seen.of(moment) for moment in found.moments]
        notes = [shown(note) for note in found.notes]
        return Found(moments=moments, more=found.more, best=found.best, doubtful=found.doubtful, notes=notes)

    def look(
        self,
        moment: Annotated[Number, Field(description="Its id.")],
        pictures: Annotated[int, Field(ge=1, le=MOST_PICTURES, description="Spread over the moment.")] = 1,
    ) -> list[Any]:
        """See a moment: its facts and pictures of it, as JPEG images. Several pictures show how it moves."""
        library = self._desk.library()
        (found,) = library.chosen([moment])
        kept = library.still(moment) if pictures == 1 else None
        if kept is not None and kept.exists():
            images = [Image(kept)]
        else:
            path = original(self._desk, library.find_footage(found.footage.fingerprint))
            parts = _parts(found.event.span, pictures)
            images = [Image(data=self._desk.looker.middle(found.footage, path, part), format="jpeg") for part in parts]
        return [Seen.of(found).model_dump_json(), *images]

    def list_footage(
        self, name: Annotated[str, Field(max_length=500, description="Part of a clip's path.")] = ""
    ) -> list[Clip]:
        """List the clips of the library, at most 500, by when they came in."""
        wanted = name.casefold()
        clips = (clip_of(each) for each in self._desk.library().footage())
        return [each for each in clips if wanted in each.path.casefold()][:MOST_CLIPS]

    def describe_footage(
        self, clip: Annotated[str, Field(max_length=4096, description="A clip's path, or its name if only one has it.")]
    ) -> Log:
        """Read the log of one clip: everything that is told to happen in it, in order of time."""
        summary = self._summary(clip)
        moments = self._desk.library().moments(summary.footage.fingerprint)
        seen = [Seen.of(moment) for moment in moments[:MOST_EVENTS]]
        return Log(**dict(clip_of(summary)), moments=seen, more=len(moments) > MOST_EVENTS)

    def ask_about(
        self,
        clip: Annotated[str, Field(max_length=4096, description="A clip's path, or its name if only one has it.")],
        question: Annotated[str, Field(min_length=1, max_length=2000)],
    ) -> str:
        """Ask the vision model a question about one clip. It looks at pictures spread over the whole clip."""
        assert self._ask is not None, "the tool is there only with somebody to ask"
        return shown(self._ask(original(self._desk, self._summary(clip)), question))

    def list_bins(self) -> list[BinSummary]:
        """List the bins of chosen moments ("selects")."""
        return [BinSummary.of(each) for each in self._desk.library().bins()]

    def read_bin(self, bin: str) -> list[Entry]:
        """Read what is in a bin, in its order."""
        return [
            Entry(**dict(Seen.of(each.remarked)), position=each.position, query=each.query)
            for each in self._desk.library().selects(bin)
        ]

    def add_to_bin(
        self,
        bin: Annotated[str, Field(description="Its name; a new one is made.")],
        moments: Annotated[list[int | Stretch], Field(min_length=1, max_length=500, description="Ids, in order.")],
        query: Annotated[str | None, Field(max_length=2000, description="What they were found with.")] = None,
    ) -> Added:
        """Put moments at the end of a bin. With start_frame and end_frame only a part of a moment is chosen."""
        found = moments_of(self._desk.library(), moments)
        added = self._desk.bins().add(bin, found, query=query)
        return Added(added=added, there=len(found) - added)

    def order_bin(
        self, bin: str, positions: Annotated[list[int], Field(description="All positions, in the order wanted.")]
    ) -> list[Entry]:
        """Put a bin into another order: [3, 1, 2] puts the third entry first."""
        entries = self._desk.library().selects(bin)
        if sorted(positions) != [each.position for each in entries]:
            raise WrongUse(f"The bin has the positions 1 to {len(entries)}; name each of them once.")
        self._desk.bins().arrange(bin, [entries[position - 1].entry for position in positions])
        return self.read_bin(bin)

    def note_in_bin(
        self,
        bin: str,
        position: int,
        note: Annotated[str, Field(max_length=LONGEST_NOTE)] = "",
        rating: Annotated[int, Field(ge=0, le=BEST_RATING, description="1 to 5; 0 leaves it as it is.")] = 0,
    ) -> list[Entry]:
        """Note something on an entry of a bin, below what stands there, or rate it where nobody has."""
        entries = self._desk.library().selects(bin)
        there = entries[position - 1] if 1 <= position <= len(entries) else None
        if there is None:
            raise WrongUse(f"The bin '{bin}' has positions 1 to {len(entries)}; there is no {position}.")
        if rating and there.rating:
            raise WrongUse(f"A person rated it {there.rating} already; that stays.")
        if note:
            both = f"{there.note} / {note}" if there.note else note
            self._desk.bins().note(bin, position, both, entry=there.entry)
        if rating:
            self._desk.bins().rate(bin, position, rating, entry=there.entry)
        return self.read_bin(bin)

    def export(
        self,
        to: Annotated[
            list[str],
            Field(
                min_length=1,
                description="premiere, resolve, finalcut, avid, kdenlive, shotcut, blender, "
                "or formats such as otio, fcpxml, edl, csv, srt.",
            ),
        ],
        what: What,
        name: Annotated[str, Field(max_length=200, description="Of the files, without ending.")] = "",
        options: Options = Options(),  # noqa: B008  (frozen)
    ) -> Written:
        """Write a bin, the answers to a query or named moments as timelines for editing programs.

        Every file is checked; tell the person about `problems`. A file that exists is never replaced.
        """
        try:
            self._exports.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise MomentidxError(f"{self._exports} cannot be made: {error.strerror}. Choose another folder.") from error
        choice = chosen(self._desk, what, options.limit)
        report = write(self._desk, choice, to, options, self._exports, name=name)
        return Written(folder=shown(self._exports), report=report)

    def _summary(self, clip: str) -> FootageSummary:
        library = self._desk.library()
        return library.named(clip) if "/" not in clip else library.find_footage(clip)


def _parts(span: Span, count: int) -> Sequence[Span]:
    """A stretch in equal parts, as many as it has ticks at most."""
    count = min(count, span.end - span.start)
    edges = [span.start + (span.end - span.start) * part // count for part in range(count + 1)]
    return [replace(span, start=start, end=end) for start, end in pairwise(edges)]
