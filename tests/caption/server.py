"""A small server that speaks the OpenAI protocol and misbehaves on order: python -m tests.caption.server LOG [FAULT...]

It prints its address. Each request takes the next fault from the list, and a good answer when there are
none left; `LOG` gets one JSON line a request. A request that is not as the protocol wants it gets a 400.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN, MODEL = "secret", "tiny"
LENGTH = re.compile(r"This video is ([\d.]+) seconds long")
EXAMPLE = re.compile(r"For example:\nQuestion: (.*)\nAnswer: (.*)")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, log: Path, faults: list[str]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.log, self.faults = log.open("w"), iter(faults)
        self.lock = threading.Lock()
        self.in_work = 0
        self.together = threading.Barrier(3)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_fault(self) -> str:
        with self.lock:
            return next(self.faults, "none")

    def note(self, **facts: Any) -> None:
        with self.lock:
            self.log.write(json.dumps(facts) + "\n")
            self.log.flush()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fault = self.server.next_fault()
        with self.server.lock:
            self.server.in_work += 1
            at_once = self.server.in_work
        try:
            problem, asked = checked(self.path, self.headers.get("Authorization"), body)
            self.server.note(fault=fault, problem=problem, at_once=at_once, **asked)
            self._answer(fault, problem, asked)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the client gave up, as it should
        finally:
            with self.server.lock:
                self.server.in_work -= 1

    def _answer(self, fault: str, problem: tuple[int, str] | None, asked: dict[str, Any]) -> None:
        if problem:
            return self._send(problem[0], {"error": {"message": problem[1]}})
        good = completion(answer_to(asked["prompt"]))
        match fault:
            case "none":
                self._send(200, good)
            case "together":  # answers when three are being asked at once
                self.server.together.wait(20)
                self._send(200, good)
            case "slow":
                time.sleep(3)
                self._send(200, good)
            case "dribble":
                self._head(200, 10_000)
                for _ in range(100):
                    self.wfile.write(b" ")
                    self.wfile.flush()
                    time.sleep(0.05)
            case "429":
                self._send(429, {"error": {"message": "slow down"}}, {"Retry-After": "0"})
            case "500" | "503":
                self._send(int(fault), {"error": {"message": "out of memory"}})
            case "400":
                self._send(400, {"error": {"message": "This model's maximum context length is 4096 tokens."}})
            case "404":
                self._send(404, {"error": {"message": "The model does not exist."}})
            case "cut":
                self._head(200, 10_000)
                self.wfile.write(json.dumps(good).encode()[:20])
                self.close_connection = True
            case "hang up":
                self.close_connection = True
                self.connection.close()
            case "garbage":
                self._raw(200, b"<html>\xff\x00 Welcome!</html>")
            case "nothing":
                self._raw(200, b"")
            case "other json":
                self._send(200, {"choices": []})
            case "endless":
                self._raw(200, b"x" * (9 << 20))
            case "too long":
                self._send(200, completion("0.0 - 0.5: A red ball", "length"))
            case "no content":
                self._send(200, completion(None, "length"))
            case "parts":
                self._send(200, completion([{"type": "text", "text": answer_to(asked["prompt"])}]))
            case _ if fault.startswith("say "):
                self._send(200, completion(fault.removeprefix("say ")))
            case _:
                raise ValueError(fault)
        return None

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(content).encode(), headers)

    def _raw(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self._head(status, len(content), headers)
        self.wfile.write(content)

    def _head(self, status: int, length: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(length),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()


def completion(content: Any, reason: str = "stop") -> dict[str, Any]:
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": reason}]}


def checked(path: str, token: str | None, body: bytes) -> tuple[tuple[int, str] | None, dict[str, Any]]:
    """What is wrong with a request, and what it asks."""
    asked = json.loads(body)
    (message,) = asked["messages"]
    texts = [part["text"] for part in message["content"] if part["type"] == "text"]
    pictures = [part["image_url"]["url"] for part in message["content"] if part["type"] == "image_url"]
    facts = {"prompt": texts[-1], "times": texts[:-1], "pictures": len(pictures), "tokens": asked["max_tokens"]}
    if path != "/v1/chat/completions":
        return (404, "no such page"), facts
    if token != f"Bearer {TOKEN}":
        return (401, "who are you?"), facts
    if asked["model"] != MODEL:
        return (404, f"The model '{asked['model']}' does not exist."), facts
    if (message["role"], asked["temperature"], len(texts)) != ("user", 0, len(pictures) + 1):
        return (400, "not as agreed"), facts
    if not all(is_jpeg(picture) for picture in pictures):
        return (400, "not a JPEG"), facts
    return None, facts


def is_jpeg(url: str) -> bool:
    head, _, data = url.partition(",")
    return head == "data:image/jpeg;base64" and base64.b64decode(data, validate=True).startswith(b"\xff\xd8\xff")


def answer_to(prompt: str) -> str:
    """What a model that sees a red ball in everything would say; asked for exercises, it hands in the example."""
    if example := EXAMPLE.search(prompt):
        return json.dumps({"question": example[1], "answer": example[2]})
    length = LENGTH.search(prompt)
    assert length
    if "Question:" in prompt:
        return "A ball."
    words = ": A red ball rolls in." if "List what happens" in prompt else ""
    return f"0.0 - {length[1]}{words}"


def lines(log: Path) -> Iterator[dict[str, Any]]:
    """What a server noted."""
    return (json.loads(line) for line in log.read_text().splitlines())


if __name__ == "__main__":
    with Server(Path(sys.argv[1]), sys.argv[2:]) as server:
        print(server.address, flush=True)
        server.serve_forever()
