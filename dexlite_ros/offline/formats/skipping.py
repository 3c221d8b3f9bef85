# SPDX-License-Identifier: Apache-2.0
"""Reading of many files, of which some may be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from dexlite_ros.errors import FileError

Skip = Callable[[FileError], None]
"""Called with the reason for each file, or grasp in a file, that is left out."""


@dataclass
class Skipper:
    """Decides whether a broken file ends the reading or is left out."""

    source: Path
    skip: Skip | None
    """None: the first broken file ends the reading."""
    broken: list[FileError] = field(default_factory=list)

    def leave_out(self, error: FileError) -> None:
        """
        Note a broken file.

        :raises FileError: when nothing is to be skipped
        """
        if self.skip is None:
            raise error
        self.broken.append(error)

    def end(self, read: int) -> None:
        """
        Report what was left out.

        :param read: number of grasps that were read
        :raises FileError: when there are none
        """
        if not read and len(self.broken) == 1:
            raise self.broken[0]
        for error in self.broken:
            if self.skip is not None:
                self.skip(error)
        if not read:
            raise FileError(self.source, 'there is no grasp in it that can be read')
