"""Writing files so that a crash leaves either the old one or the new one, never half of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
