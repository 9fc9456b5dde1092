"""Zips of functions and layers on disk, by the hash of their content, unpacked on first use."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import tempfile
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath

from lcli.local.lambda_api.errors import ApiError, invalid, too_large
from lcli.local.lambda_api.state import Code

DIRECT_LIMIT = 52_428_800
"""Bytes of a zip inside a request (Lambda quotas, "Deployment package size")."""
UNZIPPED_LIMIT = 262_144_000
"""Bytes of a function's files, layers included."""
_BAD_ZIP = "Could not unzip uploaded file. Please check your file, then try to upload again."
_EMPTY_ZIP = "Uploaded file must be a non-empty zip"


class CodeStore:
    """A directory of zips and of what they hold; a zip of the same content is kept once."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._unpacked: set[str] = set()

    def take(self, data: bytes, *, direct: bool) -> Code:
        """Check a zip and keep it; `direct` if it came inside the request.

        Raises ApiError: too large, empty or no zip.
        """
        if direct and len(data) > DIRECT_LIMIT:
            raise too_large(f"Zipped size must be smaller than {DIRECT_LIMIT} bytes")
        unzipped = _measure(data)
        digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
        code = Code(digest, len(data), unzipped)
        path = self.zip_of(code.key)
        if not path.exists():
            _write(path, data)
        return code

    def zip_of(self, key: str) -> Path:
        """Where the zip of a `Code.key` lies."""
        return self.directory / f"{key}.zip"

    def is_unpacked(self, code: Code) -> bool:
        """Whether `unpacked` answers at once."""
        return code.key in self._unpacked

    def unpacked(self, code: Code) -> Path:
        """The directory with a zip's files, read-only; unpacked now if it never was."""
        path = self.directory / code.key
        if code.key not in self._unpacked:
            if not path.exists():
                _unpack(self.zip_of(code.key), path)
            self._unpacked.add(code.key)
        return path


def _measure(data: bytes) -> int:
    """Bytes that the zip's files have together, by its directory; ApiError if it is unfit."""
    if not data:
        raise invalid(_EMPTY_ZIP)
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise invalid(_BAD_ZIP) from None
    if not members:
        raise invalid(_EMPTY_ZIP)
    total = sum(member.file_size for member in members)
    if total > UNZIPPED_LIMIT:
        raise invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    if any(_outside(member.filename) for member in members):
        raise invalid(_BAD_ZIP)
    return total


def _outside(name: str) -> bool:
    path = PurePosixPath(name)
    return path.is_absolute() or ".." in path.parts or "\0" in name


def _write(path: Path, data: bytes) -> None:
    """Appear at once or not at all, whoever else writes the same content.

    Raises ApiError where the disk has no room: with the code that Lambda has for that.
    """
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as partial:
            try:
                partial.write(data)
                partial.flush()
                os.replace(partial.name, path)
            except OSError:
                os.unlink(partial.name)
                raise
    except OSError as error:
        why = f"the local cloud cannot keep the code in {path.parent}: {error.strerror}"
        raise ApiError("CodeStorageExceededException", why) from error


def _unpack(archive_path: Path, path: Path) -> None:
    """Appear at once or not at all, like `_write`."""
    partial = Path(tempfile.mkdtemp(dir=path.parent, prefix=".unpacking-"))
    try:
        _fill(archive_path, partial)
        partial.chmod(0o755)
        partial.rename(path)
    except OSError:
        if not path.exists():  # another thread may have been faster with the same content
            raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _fill(archive_path: Path, root: Path) -> None:
    links: dict[Path, str] = {}
    left = UNZIPPED_LIMIT
    try:
        with zipfile.ZipFile(archive_path) as archive:
            for member in archive.infolist():
                place = root / member.filename
                if stat.S_ISLNK(member.external_attr >> 16):
                    place.parent.mkdir(parents=True, exist_ok=True)
                    links[place] = archive.read(member).decode()
                else:
                    left -= _place(archive, member, place, left)
        _link(links, root)
    except (zipfile.BadZipFile, UnicodeDecodeError, FileExistsError, NotADirectoryError):
        raise invalid(_BAD_ZIP) from None


def _place(archive: zipfile.ZipFile, member: zipfile.ZipInfo, place: Path, left: int) -> int:
    """Write one directory or file, never more than `left` bytes; gives the bytes written."""
    if member.is_dir():
        place.mkdir(parents=True, exist_ok=True)
        return 0
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.file_size > left:
        raise invalid(f"Unzipped size must be smaller than {UNZIPPED_LIMIT} bytes")
    # zipfile stops at the size that the directory states, so a lying one cannot overflow
    with archive.open(member) as source, place.open("wb") as sink:
        shutil.copyfileobj(source, sink, 1 << 20)
    place.chmod(0o755 if (member.external_attr >> 16) & 0o111 else 0o644)
    return member.file_size


def _link(links: dict[Path, str], root: Path) -> None:
    """Make symbolic links, after all files so that nothing is written through one, and refuse
    them if one of them leads out of the code, be it over others."""
    for place, aim in links.items():
        place.symlink_to(aim)
    inside = os.path.realpath(root)
    for place, aim in links.items():
        aimed = os.path.realpath(place)
        if os.path.isabs(aim) or os.path.commonpath((aimed, inside)) != inside:
            raise invalid(_BAD_ZIP)
