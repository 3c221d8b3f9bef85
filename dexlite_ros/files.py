"""Writing files so that a crash leaves either the old one or the new one, never half of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
import json
import os
from pathlib import Path


@contextmanager
def replaced(path: str | Path) -> Iterator[Path]:
    """
    Yield a temporary path beside ``path``; it takes its place when the block ends well.

    :param path: the file to write; its folder is made
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f'.{path.name}.{os.getpid()}.tmp')
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: str | Path, content: object) -> None:
    """Replace a file by plain data; NaN and infinity, which JSON cannot hold, are errors."""
    with replaced(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, allow_nan=False) + '\n')
