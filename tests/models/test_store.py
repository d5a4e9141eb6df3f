"""Models are fetched only when asked for, pinned, checked, and whole or not there at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from momentidx.config import Settings
from momentidx.errors import MomentidxError, WrongUse
from momentidx.models import store as stores
from momentidx.models.store import Model, ModelFile, Store

CONTENT = bytes(range(256)) * 8000  # 2 MB
SHA = hashlib.sha256(CONTENT).hexdigest()


class Served(BaseHTTPRequestHandler):
    """Serves `CONTENT`; `/short` breaks off half-way unless asked to go on, `/other` serves something else."""

    ranges: list[str | None]

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.ranges.append(asked)
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self.path != "/deaf" else 0
        content = CONTENT[::-1] if self.path == "/other" else CONTENT
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        end = len(content) // 2 if self.path == "/short" and not first else len(content)
        self.wfile.write(content[first:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    Served.ranges = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def model(url: str) -> Model:
    return Model("eyes", "sight", "Apache-2.0", "here", None, (ModelFile("eyes.bin", url, len(CONTENT), SHA),))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "models")


def test_a_pulled_model_lies_under_its_name_and_is_told_of_byte_by_byte(store: Store, address: str) -> None:
    eyes, told = model(f"{address}/eyes"), []
    assert store.missing(eyes) == list(eyes.files)
    assert store.pull(eyes, told.append) == 1
    assert sum(told) == len(CONTENT)
    assert store.checked(eyes, eyes.files[0]).read_bytes() == CONTENT
    assert [path.name for path in store.folder.rglob("*") if path.is_file()] == ["eyes.bin"]
    assert (store.missing(eyes), store.pull(eyes)) == ([], 0)
    assert Served.ranges == [None]


def test_a_download_that_broke_off_goes_on_where_it_stopped(store: Store, address: str) -> None:
    eyes = model(f"{address}/short")
    with pytest.raises(MomentidxError, match=r"eyes\.bin: the download broke off\. Run the command again"):
        store.pull(eyes)
    assert store.missing(eyes) == list(eyes.files)
    store.pull(eyes)
    assert store.checked(eyes, eyes.files[0]).read_bytes() == CONTENT
    assert Served.ranges == [None, f"bytes={len(CONTENT) // 2}-"]


def test_a_server_that_cannot_go_on_sends_everything_again(store: Store, address: str) -> None:
    half = store.place(model(""), model("").files[0]).with_name("eyes.bin.part")
    half.parent.mkdir(parents=True)
    half.write_bytes(CONTENT[:1000])
    deaf = model(f"{address}/deaf")
    store.pull(deaf)
    assert store.checked(deaf, deaf.files[0]).read_bytes() == CONTENT


def test_another_file_than_the_pinned_one_is_thrown_away(store: Store, address: str) -> None:
    other = model(f"{address}/other")
    with pytest.raises(MomentidxError, match="another file than it should"):
        store.pull(other)
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []


def test_an_address_that_does_not_answer_is_said_with_the_way_out(store: Store) -> None:
    with pytest.raises(MomentidxError, match=r"eyes\.bin could not be fetched .*models add FILE"):
        store.pull(model("http://127.0.0.1:9/eyes"))


def test_a_file_brought_by_hand_is_recognised_by_its_content(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = model("")
    monkeypatch.setattr(stores, "MODELS", {"eyes": eyes})
    brought = tmp_path / "download(1).tmp"
    brought.write_bytes(CONTENT)
    assert store.add(brought) == (eyes, eyes.files[0])
    assert store.checked(eyes, eyes.files[0]).read_bytes() == CONTENT
    brought.write_bytes(CONTENT[1:])
    with pytest.raises(MomentidxError, match="is not a file of any model that momentidx knows"):
        store.add(brought)
    with pytest.raises(MomentidxError, match="cannot be read: No such file"):
        store.add(tmp_path / "nothing")
    store.remove(eyes)
    assert store.missing(eyes) == list(eyes.files)


def test_of_a_folder_the_files_of_models_are_installed_and_the_rest_left(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    eyes = model("")
    monkeypatch.setattr(stores, "MODELS", {"eyes": eyes})
    hub = tmp_path / "hub" / "snapshots"
    hub.mkdir(parents=True)
    (hub / "config.json").write_text("{}")
    with pytest.raises(MomentidxError, match=r"hub holds no file of a model that momentidx knows"):
        store.add_from(tmp_path / "hub")
    (hub / "pytorch.bin").write_bytes(CONTENT)
    assert store.add_from(tmp_path / "hub") == [(eyes, eyes.files[0])]
    assert store.missing(eyes) == []


def test_a_changed_or_missing_file_is_refused_by_name(store: Store) -> None:
    eyes = model("")
    place = store.place(eyes, eyes.files[0])
    with pytest.raises(MomentidxError, match=r"eyes\.bin is missing\. Run 'momentidx models pull eyes'"):
        store.checked(eyes, eyes.files[0])
    place.parent.mkdir(parents=True)
    place.write_bytes(CONTENT[:-1] + b"!")
    assert store.missing(eyes) == []  # the size is right
    with pytest.raises(MomentidxError, match=r"eyes\.bin is not the file that it should be"):
        store.checked(eyes, eyes.files[0])


def test_names_and_folders_come_from_the_table_and_the_settings(store: Store, tmp_path: Path) -> None:
    assert store.find("shotlog").size == 11_922_631
    with pytest.raises(WrongUse, match=r"There is no model 'shotgun'\. Known: shotlog"):
        store.find("shotgun")
    assert Store.of(Settings(models_folder=tmp_path)).folder == tmp_path
    assert Store.of(Settings()).folder.parts[-2:] == ("momentidx", "models")


def test_every_model_is_pinned_to_one_revision() -> None:
    for known in stores.MODELS.values():
        for file in known.files:
            assert file.url.startswith("https://")
            # a commit, or the number of one version of one object
            assert any(len(part) == 40 for part in file.url.split("/")) or "?generation=" in file.url
            assert len(file.sha256) == 64
