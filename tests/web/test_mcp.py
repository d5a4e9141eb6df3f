"""The tools for assistants, used by the protocol's official client: in a process of their own, and over HTTP."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import cv2
import httpx2
import numpy as np
import opentimelineio as otio
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, ImageContent

from momentidx.library import Library
from momentidx.web.mcp import create_mcp, over_http
from momentidx.web.server import Server, server_for
from tests.e2e.command import wait_until
from tests.web.conftest import TOKEN, desk_for
from tests.web.test_exports import _played

QUERY = "a red ball crosses the frame"
READING = {"search", "look", "list_footage", "describe_footage", "list_bins", "read_bin"}
ADDING = {"add_to_bin", "order_bin", "note_in_bin", "export"}


def told(result: CallToolResult) -> Any:
    """What a tool gave back."""
    assert not result.is_error, result.content
    found = result.structured_content
    assert found is not None
    return found.get("result", found) if set(found) == {"result"} else found


@contextmanager
def running(server: Server) -> Iterator[str]:
    """A server on a port of this machine; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        wait_until(lambda: server.started, "the server starts")
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(10)


def use(client: Callable[[], Any], steps: Callable[[Client], Awaitable[None]]) -> None:
    async def run() -> None:
        async with client() as connected:
            await steps(connected)

    anyio.run(run)


async def journey(client: Client, folder: Path, exports: Path) -> None:
    """Find, look, choose, note, order and export; then the timeline has the frames that were found."""
    found = told(await client.call_tool("search", {"query": QUERY, "limit": 3}))["moments"]
    seen = await client.call_tool("look", {"moment": found[0]["id"], "pictures": 2})
    facts, *images = seen.content
    assert json.loads(facts.text)["caption"] == found[0]["caption"]
    assert len(images) == 2
    for image in images:
        assert isinstance(image, ImageContent)
        picture = cv2.imdecode(np.frombuffer(base64.b64decode(image.data), np.uint8), cv2.IMREAD_COLOR)
        assert image.mime_type == "image/jpeg"
        assert picture is not None
    log = told(await client.call_tool("describe_footage", {"clip": found[0]["clip"]}))
    with Library.open(folder) as library:
        (clip,) = (each for each in library.footage() if each.locations[0].path.name == found[0]["clip"])
        assert [each["id"] for each in log["moments"]] == [
            each.id for each in library.moments(clip.footage.fingerprint)
        ]
    one, two = found[:2]
    part = {"id": two["id"], "start_frame": two["start_frame"] + 5, "end_frame": two["end_frame"]}
    added = told(await client.call_tool("add_to_bin", {"bin": "Balls", "moments": [one["id"], part], "query": QUERY}))
    assert added == {"added": 2, "there": 0}
    await client.call_tool("order_bin", {"bin": "Balls", "positions": [2, 1]})
    noted = told(await client.call_tool("note_in_bin", {"bin": "Balls", "position": 1, "note": "First.", "rating": 4}))
    assert [(each["id"], each["note"], each["rating"]) for each in noted] == [
        (two["id"], "First.", 4),
        (one["id"], "", 0),
    ]
    wanted = {"to": ["otio"], "what": {"selects": "Balls"}, "name": "balls"}
    written = told(await client.call_tool("export", wanted))
    assert [report["problems"] for report in written["report"]] == [[]]
    assert written["folder"] == str(exports)
    cut = otio.adapters.read_from_file(str(exports / written["report"][0]["file"]))
    assert [_played(each) for each in cut.video_tracks()[0].find_clips()] == [
        (two["id"], two["start_frame"] + 5, two["end_frame"]),
        (one["id"], one["start_frame"], one["end_frame"]),
    ]
    again = await client.call_tool("export", wanted)
    assert again.is_error
    assert "exists already" in again.content[0].text


async def refusals(client: Client) -> None:
    """What a person could act on is told; nothing of ours is."""
    for name, arguments, sentence in (
        ("search", {"query": "kind:("}, "column"),
        ("look", {"moment": 10**6}, "There is no moment 1000000."),
        ("describe_footage", {"clip": "none.mov"}, "is not in the library"),
        ("read_bin", {"bin": "none"}, "There is no bin 'none'."),
        ("note_in_bin", {"bin": "Balls", "position": 1, "rating": 2}, "A person rated it 4 already"),
        ("search", {"query": "a", "limit": 0}, "greater than or equal to 1"),
        ("look", {"moment": 2**70}, "Error executing tool look"),
    ):
        result = await client.call_tool(name, arguments)
        assert result.is_error, name
        assert sentence in result.content[0].text, result.content


def test_over_stdio_an_assistant_finds_looks_chooses_and_exports(made: Path, tmp_path: Path) -> None:
    folder, exports = tmp_path / "library", tmp_path / "exports"
    shutil.copytree(made / "library", folder)
    script = tmp_path / "script.json"
    script.write_text(json.dumps({"events": [], "answers": {"Is there a ball?": "A red one."}}))
    arguments = ["--library", str(folder), "--exports", str(exports), "--captioner", "scripted"]
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "typer_app", "mcp", *arguments],
        env=dict(os.environ) | {"MOMENTIDX_SCRIPTED_ANSWERS": str(script)},
    )

    async def steps(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == READING | ADDING | {"ask_about"}
        assert {name for name, tool in tools.items() if not tool.annotations.read_only_hint} == ADDING
        assert not any(tool.annotations.destructive_hint for tool in tools.values() if tool.name in ADDING)
        assert "look at the pictures" in (client.instructions or "")
        answer = await client.call_tool("ask_about", {"clip": "A002_studio.mov", "question": "Is there a ball?"})
        assert answer.content[0].text == "A red one."
        await journey(client, folder, exports)
        await refusals(client)

    use(lambda: Client(command), steps)


def test_over_http_only_who_has_the_token_is_answered(made: Path, tmp_path: Path) -> None:
    folder, exports = tmp_path / "library", tmp_path / "exports"
    shutil.copytree(made / "library", folder)
    desk = desk_for(folder)
    server = create_mcp(desk, exports)
    with running(server_for(over_http(server, desk))) as url:
        assert httpx2.post(f"{url}/mcp", json={}).status_code == 401
        wrong = {"Authorization": f"Bearer {TOKEN}", "Host": "evil.example"}
        assert httpx2.post(f"{url}/mcp", json={}, headers=wrong).status_code == 403

        @asynccontextmanager
        async def connected() -> AsyncIterator[Client]:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            async with (
                httpx2.AsyncClient(headers=headers, timeout=60) as http,
                Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
            ):
                yield client

        async def steps(client: Client) -> None:
            assert {tool.name for tool in (await client.list_tools()).tools} == READING | ADDING, "nobody to ask"
            await journey(client, folder, exports)

        use(connected, steps)
    desk.close()


def test_the_page_about_the_tools_names_every_one(made: Path, tmp_path: Path) -> None:
    desk = desk_for(made / "library")
    server = create_mcp(desk, tmp_path, lambda _file, _question: "")
    tools = anyio.run(server.list_tools)
    page = (Path(__file__).parents[2] / "docs" / "mcp.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [tool.name for tool in tools]
    desk.close()


def test_a_library_that_is_not_there_is_told_before_anything_starts(tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from typer_app import app

    result = CliRunner().invoke(app, ["mcp", "--library", str(tmp_path / "none")])
    assert "Nothing is indexed yet" in str(result.exception)
