"""Deterministic zips: the same files give the same bytes, at the speed of two cores."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO, NamedTuple, TypeVar

from isal import isal_zlib

from lcli.artifact.tree import Entry, unreadable
from lcli.errors import LcliError, Problem

BATCH = 1 << 20
"""Bytes of input a task: one task a file halves the gain of the second thread."""
THREADS = min(4, max(2, os.cpu_count() or 2))
_AHEAD = 4 * THREADS
"""Batches that are read before the first of them is written: so much is in memory at once."""

_LEVEL = 2
"""ISA-L's level 3 gives other bytes on other processors."""
_PRIMING = 16
"""Bytes that are compressed ahead of the rest: see `_deflated`."""
_TINY = 64
"""Bytes that are not worth a try."""
UNFINISHED = ".tmp-"
"""What the names of files and folders of the cache begin with while they are being made."""
_STORED, _DEFLATED = 0, 8
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<IIQI")
_VERSION = 20
_UTF8 = 0x800
_TIME, _DATE = 0, 0x21  # 1980-01-01 00:00, the oldest that the format can say


@dataclass(frozen=True, slots=True)
class Packed:
    """What was written."""

    code_sha256: str
    size: int
    hashes: tuple[str, ...] = ()
    """Hex SHA-256 of each file's content, where it was asked for."""


class _Member(NamedTuple):
    name: bytes
    mode: int
    method: int
    crc: int
    compressed: int
    size: int


def read_entry(entry: Entry) -> bytes:
    """The file's content, which must still be what the walk saw.

    Raises:
        LcliError: it was changed, removed or became unreadable since.
    """
    try:
        # O_NONBLOCK: what has become a named pipe since must not hold us up.
        handle = os.open(entry.path, os.O_RDONLY | os.O_NONBLOCK)
        try:
            now = os.fstat(handle)
            content = os.read(handle, now.st_size + 1)
            while len(content) < now.st_size and (more := os.read(handle, now.st_size)):
                content += more
        finally:
            os.close(handle)
    except PermissionError as error:
        raise unreadable(entry.path, error.strerror) from error
    except OSError as error:
        raise _changed(entry, f"can no longer be read: {error.strerror}") from error
    if (now.st_size, now.st_mtime_ns, len(content)) != (entry.size, entry.mtime_ns, entry.size):
        raise _changed(entry, "changed while it was being packed")
    return content


def _changed(entry: Entry, how: str) -> LcliError:
    return LcliError(
        Problem(
            "file-changed",
            f'"{entry.path}" {how}',
            entry.path,
            "run the command again when nothing writes to it",
        )
    )


Made = TypeVar("Made")


def by_batches(make: Callable[[list[Entry]], Made], entries: Sequence[Entry]) -> Iterator[Made]:
    """What `make` gives of each batch, in order; threads are a few batches ahead."""
    waiting: deque[Future[Made]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for batch in in_batches(entries):
            waiting.append(pool.submit(make, batch))
            if len(waiting) == _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def in_batches(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The entries in order, in lists of about BATCH bytes."""
    batch: list[Entry] = []
    weight = 0
    for entry in entries:
        batch.append(entry)
        weight += entry.size + 4096
        if weight >= BATCH:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def pack(entries: Sequence[Entry], to: Path, *, hashes: bool = False) -> Packed:
    """Writes the zip of `entries`, in their order, to `to`, replacing it in one step.

    Names are UTF-8, dates 1980-01-01, modes 0644 or 0755; what does not shrink is stored. With
    `hashes` the files' own are made of the same reading.

    Raises:
        LcliError: a file changed meanwhile, or the disk refused.
    """
    with atomic(to) as file:
        out = _Hashed(file)
        directory: list[bytes] = []
        contents: list[str] = []
        for members, data, hashed in by_batches(partial(_compress, hashes=hashes), entries):
            directory += [_central(member, out.size + at) for member, at in members]
            contents += hashed
            out.write(data)
        start = out.size
        out.write(b"".join(directory))
        out.write(_end(len(directory), start, out.size - start))
    code_sha256 = base64.b64encode(out.sha256.digest()).decode()
    return Packed(code_sha256, out.size, tuple(contents))


def zip_hashes(path: Path) -> tuple[str, str, int]:
    """Hex SHA-256, Lambda's CodeSha256 and size of a zip.

    Raises:
        LcliError: it cannot be read.
    """
    try:
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            return digest.hex(), base64.b64encode(digest).decode(), file.tell()
    except OSError as error:
        raise LcliError(
            Problem(
                "file-unreadable",
                f'"{path}" cannot be read: {error}',
                str(path),
                "make it readable",
            )
        ) from error


class _Hashed:
    """A file with the size and hash of what went into it."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self.sha256 = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.sha256.update(data)
        self.size += len(data)


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Makes a folder of the artifact cache; what fails in it and in the block is the cache's.

    Raises:
        LcliError: with the folder, and how to choose another.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield
    except OSError as error:
        raise LcliError(
            Problem(
                "cache-not-writable",
                f"the artifact cache cannot be written: {error.strerror or error}",
                str(folder),
                "make room there, or let LCLI_CACHE_DIR name a folder that you may write to",
            )
        ) from error


@contextmanager
def atomic(to: Path) -> Iterator[BinaryIO]:
    """A 0600 temporary file beside `to` that takes its place when the block ends well.

    Raises:
        LcliError: the folder, which is the artifact cache's, cannot be made or written.
    """
    with writable(to.parent):
        handle, name = mkstemp(dir=to.parent, prefix=UNFINISHED)
        try:
            with open(handle, "wb") as file:
                yield file
            os.replace(name, to)
        except BaseException:
            os.unlink(name)
            raise


def _compress(
    entries: Sequence[Entry], *, hashes: bool
) -> tuple[list[tuple[_Member, int]], bytes, list[str]]:
    """The entries with their places in the bytes that hold them all, headers included."""
    members: list[tuple[_Member, int]] = []
    parts: list[bytes] = []
    hashed: list[str] = []
    at = 0
    for entry in entries:
        content = read_entry(entry)
        if hashes:
            hashed.append(hashlib.sha256(content).hexdigest())
        member, body = _member(entry, content)
        header = _local(member)
        members.append((member, at))
        parts += (header, *body)
        at += len(header) + member.compressed
    return members, b"".join(parts), hashed


def _member(entry: Entry, content: bytes) -> tuple[_Member, Sequence[bytes]]:
    name = entry.name.encode()
    crc = isal_zlib.crc32(content)
    body = _deflated(content) if entry.size > _TINY else (content,)
    compressed = sum(map(len, body))
    if compressed < entry.size:
        return _Member(name, entry.mode, _DEFLATED, crc, compressed, entry.size), body
    return _Member(name, entry.mode, _STORED, crc, entry.size, entry.size), (content,)


def _deflated(content: bytes) -> Sequence[bytes]:
    """The content as one raw deflate stream, in pieces; the same in every process.

    ISA-L's loop for x86-64 (2.31, igzip_icf_body_h1_gr_bt.asm, write_first_byte) finds the third
    byte's place in the hash table from a register that then holds the stream's address, so now
    and then another process finds other matches. The loop skips that step in a stream that has a
    history, and leaves a flush of up to 16 bytes to code that has no such fault: hence the start
    of the file is flushed first, which costs about 20 bytes.
    """
    stream = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)
    view = memoryview(content)
    return (
        stream.compress(view[:_PRIMING]),
        stream.flush(isal_zlib.Z_SYNC_FLUSH),
        stream.compress(view[_PRIMING:]),
        stream.flush(),
    )


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else _UTF8


def _local(member: _Member) -> bytes:
    name, _, method, crc, compressed, size = member
    head = (0x04034B50, _VERSION, _flags(name), method, _TIME, _DATE)
    return _LOCAL.pack(*head, crc, compressed, size, len(name), 0) + name


def _central(member: _Member, offset: int) -> bytes:
    name, mode, method, crc, compressed, size = member
    made_by = 3 << 8 | _VERSION  # Unix: the upper half of the attributes is the mode
    head = (0x02014B50, made_by, _VERSION, _flags(name), method, _TIME, _DATE)
    tail = (0, 0, 0, 0, (0o100000 | mode) << 16, offset)
    return _CENTRAL.pack(*head, crc, compressed, size, len(name), *tail) + name


def _end(count: int, start: int, size: int) -> bytes:
    """The end of the directory; zip64's where there are too many files for the classic one.

    Sizes and offsets never need zip64: what Lambda takes is far below 4 GiB.
    """
    if count < 0xFFFF:
        return _END.pack(0x06054B50, 0, 0, count, count, size, start, 0)
    end64 = _END64.pack(0x06064B50, 44, 3 << 8 | 45, 45, 0, 0, count, count, size, start)
    locator = _LOCATOR64.pack(0x07064B50, 0, start + size, 1)
    return end64 + locator + _END.pack(0x06054B50, 0, 0, 0xFFFF, 0xFFFF, size, start, 0)
