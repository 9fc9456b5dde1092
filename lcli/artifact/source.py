"""What a manifest's ``source:`` means."""

from __future__ import annotations

import difflib
import os
import re
from pathlib import Path

from lcli.artifact.model import Source
from lcli.artifact.tree import refused

_IMAGE = re.compile(r"^\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws|on)\.[a-z.]+/\S+$")
_OBJECT = re.compile(r"^s3://[^/\s]+/\S+$")


def parse_source(text: str, root: Path, where: str = "") -> Source:
    """The source that `text` names: a path relative to `root`, s3://BUCKET/KEY or an image in ECR.

    `where` is the manifest's place, for the problem.

    Raises:
        LcliError: (USAGE) there is no such file or directory.
    """
    if text.startswith("s3://"):
        if not _OBJECT.match(text):
            raise refused(
                "source-invalid",
                f'"{text}" names no object',
                where,
                "write s3://BUCKET/KEY",
            )
        return Source("s3", uri=text, where=where)
    if _IMAGE.match(text):
        return Source("image", uri=text, where=where)
    path = Path(os.path.normpath(root / Path(text).expanduser()))
    if path.is_dir():
        return Source("directory", path, where=where)
    if path.is_file():
        return Source("zip" if path.suffix.lower() == ".zip" else "file", path, where=where)
    if path.exists():
        raise refused(
            "source-invalid",
            f'"{path}" is neither a file nor a directory',
            where,
            "name a directory, a file or a zip",
        )
    raise refused(
        "source-missing", f'there is no file or directory "{path}"', where, _nearest(path)
    )


def _nearest(path: Path) -> str:
    try:
        beside = os.listdir(path.parent)
    except OSError:
        beside = []
    close = difflib.get_close_matches(path.name, beside, n=1)
    return f'did you mean "{close[0]}"?' if close else "create it, or correct source"
