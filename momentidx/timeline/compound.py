"""The compound file that an AAF file is ([MS-CFB]), written and read in one go.

pyaaf2 keeps storages and streams inside the file up to date while objects are attached, and reads it
piece by piece. A timeline of 10,000 moments has 50,000 objects, each a storage with a stream, for which
that takes longer than everything else. Here the tree is plain values in memory, laid out when complete.

Only for files that we write; files of unknown origin are left to pyaaf2.
"""

from __future__ import annotations

import io
import struct
from array import array
from collections.abc import Iterator
from typing import Any

from aaf2.auid import AUID
from aaf2.cfb import CompoundFileBinary, DirEntry
from aaf2.file import AAFFile

from momentidx.errors import WrongUse

SECTOR, MINI_SECTOR = 4096, 64
SMALLEST_OF_SECTORS = 4096
"""Shorter streams lie in the mini stream."""
END_OF_CHAIN, FAT_SECTOR, NONE = 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFF
NUMBERS = SECTOR // 4
"""Of sectors, in a sector."""
MOST_FAT_SECTORS = 109
"""That the header has room for: 446 MB."""

FILE_ID = AUID("0d010201-0200-0000-060e-2b3403020101")
HEADER = struct.Struct("<8s16sHHHHH6x9I109I")
ENTRY = struct.Struct("<64sHBBIII16sIQQIQ")
STORAGE, STREAM, ROOT = 1, 2, 5
RED, BLACK = 0, 1


class Document(AAFFile):  # type: ignore[misc]
    """pyaaf2's file, over a tree in memory."""

    cfb: Any

    def setup_empty(self) -> None:
        self.cfb = Compound(self.f)
        super().setup_empty()

    def read_reference_properties(self) -> None:
        if self.cfb.sector_size == SECTOR:  # as we write it
            self.cfb = Compound(self.f, _read(self.cfb, self.f))
        super().read_reference_properties()

    def save(self) -> None:
        """Whether an object has all that its class asks for is asked once for each set of properties: it is slow."""
        if self.mode == "rb":
            return
        self.write_reference_properties()
        known = set()
        for made in self.manager.modified.values():
            kind = made.class_id, *made.property_entries
            made.write_properties(validate=kind not in known)
            known.add(kind)
        self.manager.modified.clear()


class Entry(DirEntry):  # type: ignore[misc]
    """A storage, or a stream, as pyaaf2's objects use them."""

    __slots__ = ("children", "class_id", "content", "name", "where")

    def __init__(self, where: str, name: str, class_id: AUID | None = None) -> None:
        self.where, self.name, self.class_id = where, name, class_id
        self.children: dict[str, Entry] = {}
        self.content: bytes | None = None
        """Of a stream; None is a storage."""

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def path(self) -> str:
        return self.where

    def get(self, name: str, default: Entry | None = None) -> Entry | None:
        return self.children.get(name, default)

    def makedir(self, name: str, class_id: AUID | None = None) -> Entry:
        made = self.children[name] = Entry(f"{self.where.rstrip('/')}/{name}", name, class_id)
        return made

    def touch(self, name: str) -> Entry:
        return self.children.get(name) or self.makedir(name)

    def open(self, mode: str = "r") -> Any:
        if mode == "r":
            return io.BytesIO(self.content or b"")
        self.content = b""
        return self

    def write(self, data: bytes) -> None:
        self.content = (self.content or b"") + data

    def truncate(self) -> None:
        """Writing begins with an empty stream."""


class Compound:
    """What pyaaf2's file asks of its storage; laid out when it is closed."""

    def __init__(self, file: io.BufferedRandom, root: Entry | None = None) -> None:
        self.file = file
        self.new = root is None
        self.root = root or Entry("/", "Root Entry")

    def find(self, path: str | Entry) -> Entry | None:
        if isinstance(path, Entry):
            return path
        found: Entry | None = self.root
        for name in path.strip("/").split("/") if path != "/" else ():
            found = found and found.get(name)
        return found

    def exists(self, path: str) -> bool:
        return self.find(path) is not None

    def open(self, path: str, mode: str = "r") -> Any:
        """A stream at the top."""
        return self.root.touch(path.strip("/")).open(mode)

    def close(self) -> None:
        if self.new:
            self.file.seek(0)
            self.file.writelines(_laid_out(self.root))
            self.file.truncate()


class _Sectors:
    """Chains of whole sectors, one behind the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.table = array("I")

    def add(self, content: bytes) -> int:
        """The first sector of a new chain."""
        start, count = len(self.table), -(-len(content) // SECTOR)
        self.parts.append(content.ljust(count * SECTOR, b"\0"))
        self.table.extend([*range(start + 1, start + count), END_OF_CHAIN])
        return start


def _laid_out(root: Entry) -> Iterator[bytes]:
    """The file: header, streams, mini stream, its table, directory, table of sectors."""
    sectors, mini, mini_table = _Sectors(), bytearray(), array("I")

    def stored(content: bytes) -> int:
        if not content:
            return NONE
        if len(content) >= SMALLEST_OF_SECTORS:
            return sectors.add(content)
        start, count = len(mini_table), -(-len(content) // MINI_SECTOR)
        mini.extend(content.ljust(count * MINI_SECTOR, b"\0"))
        mini_table.extend([*range(start + 1, start + count), END_OF_CHAIN])
        return start

    entries = [root]
    rows = [(BLACK, NONE, NONE)]
    children = []
    for entry in entries:  # which grows: the children of each follow in the order that readers search them in
        first = len(entries)
        entries += sorted(entry.children.values(), key=lambda child: (len(child.name), child.name.upper()))
        rows += _tree(first, len(entries) - first)
        children.append(_middle(first, len(entries)) if entry.children else NONE)
    starts = [NONE if entry.content is None else stored(entry.content) for entry in entries]
    mini_size = len(mini)
    if mini:
        starts[0] = sectors.add(bytes(mini))
    mini_sectors = -(-len(mini_table) // NUMBERS)
    mini_table.extend([NONE] * (mini_sectors * NUMBERS - len(mini_table)))
    mini_start = sectors.add(mini_table.tobytes()) if mini_table else NONE

    directory = bytearray()
    for entry, (color, left, right), child, start in zip(entries, rows, children, starts, strict=True):
        name = entry.name.encode("utf-16le")
        kind = ROOT if entry is root else STORAGE if entry.content is None else STREAM
        size = mini_size if entry is root else len(entry.content or b"")
        class_id = entry.class_id.bytes_le if entry.class_id else b""
        directory += ENTRY.pack(
            name, min(len(name) + 2, 64), kind, color, left, right, child, class_id, 0, 0, 0, start, size
        )
    free = ENTRY.pack(b"", 0, 0, 0, NONE, NONE, NONE, b"", 0, 0, 0, 0, 0)
    directory += free * (-len(entries) % (SECTOR // ENTRY.size))
    directory_start = sectors.add(bytes(directory))

    table, count = sectors.table, 0
    first = len(table)
    while first + count > count * NUMBERS:
        count += 1
    if count > MOST_FAT_SECTORS:
        raise WrongUse("An AAF file of more than 440 MB is not written. Export fewer moments, or as .otio or .xml.")
    table.extend([FAT_SECTOR] * count)
    table.extend([NONE] * (count * NUMBERS - len(table)))
    places = [*range(first, first + count)] + [NONE] * (MOST_FAT_SECTORS - count)
    yield HEADER.pack(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FILE_ID.bytes_le, 62, 4, 0xFFFE, 12, 6, len(directory) // SECTOR, count,
        directory_start, 1, SMALLEST_OF_SECTORS, mini_start, mini_sectors, NONE, 0, *places,
    ).ljust(SECTOR, b"\0")  # fmt: skip
    yield from sectors.parts
    yield table.tobytes()


def _middle(first: int, end: int) -> int:
    return (first + end) // 2


def _tree(first: int, count: int) -> list[tuple[int, int, int]]:
    """Color, left and right of entries that follow each other: a red-black tree, its lowest level red."""
    rows = [(BLACK, NONE, NONE)] * count
    lowest = count.bit_length() - 1
    pending = [(first, first + count, 0)] if count else []
    while pending:
        begin, end, depth = pending.pop()
        middle = _middle(begin, end)
        left = _middle(begin, middle) if begin < middle else NONE
        right = _middle(middle + 1, end) if middle + 1 < end else NONE
        rows[middle - first] = RED if depth == lowest and depth else BLACK, left, right
        pending += [part for part in ((begin, middle, depth + 1), (middle + 1, end, depth + 1)) if part[0] < part[1]]
    return rows


def _read(compound: CompoundFileBinary, file: io.BufferedRandom) -> Entry:
    """The tree of a file whose tables pyaaf2 has read."""
    file.seek(0)
    data = file.read()

    def joined(chain: list[int]) -> bytes:
        return b"".join([data[(sector + 1) * SECTOR : (sector + 2) * SECTOR] for sector in chain])

    mini, mini_table = joined(compound.mini_stream_chain), compound.minifat
    rows = list(ENTRY.iter_unpack(joined(compound.dir_fat_chain)))
    class_ids: dict[bytes, AUID] = {}

    def content(start: int, size: int) -> bytes:
        if size >= SMALLEST_OF_SECTORS:
            return joined(compound.get_fat_chain(start))[:size]
        parts, left = [], size
        while left > 0:
            parts.append(mini[start * MINI_SECTOR : (start + 1) * MINI_SECTOR])
            start, left = mini_table[start], left - MINI_SECTOR
        return b"".join(parts)[:size]

    root = Entry("/", "Root Entry")
    pending, unread = [(rows[0][6], root)], len(rows)
    while pending:
        number, parent = pending.pop()
        if number == NONE:
            continue
        unread -= 1
        if unread < 0:
            raise ValueError("its directory goes round in a circle")
        name, length, kind, _, left, right, child, class_id, _, _, _, start, size = rows[number]
        if class_id not in class_ids:
            class_ids[class_id] = AUID(bytes_le=class_id)
        entry = parent.makedir(name[: length - 2].decode("utf-16le"), class_ids[class_id])
        if kind == STREAM:
            entry.content = content(start, size)
        pending += [(left, parent), (right, parent), (child, entry)]
    return root
