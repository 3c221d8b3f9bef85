# SPDX-License-Identifier: Apache-2.0
"""Choice of the objects to generate grasps for: never those used for reporting."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from dexlite_ros.errors import InvalidRequest
from dexlite_ros.offline.objects.mesh_folder import MANIFEST
from dexlite_ros.offline.objects.sources import find_objects, Target


@dataclass(frozen=True)
class TargetChoice:
    """A selection of objects from several sources."""

    sources: tuple[str, ...]
    """Sources as understood by ``find_objects``."""
    tier: str | None = None
    """Tier in a manifest; None: all."""
    unit: float = 1.0
    """Metres per unit of mesh files."""
    only: tuple[str, ...] | None = None
    """Names, or patterns such as 'bm_*'; None: all."""
    limit: int | None = None
    """Maximum number of objects, taken from the start; None: all."""

    def find(self) -> list[Target]:
        """
        Return the objects; from a manifest, only those of the training split.

        :raises InvalidRequest: for a name that is used twice, or when nothing is left
        """
        wanted = [target for target in self.all_by_source() if self._wants(target.name)]
        if not wanted:
            raise InvalidRequest('only', self.only, 'the name of an object, or a pattern')
        return wanted[:self.limit]

    def all_by_source(self) -> dict[Target, str]:
        """
        Return the objects of all sources, whatever their names, each with its source.

        :raises InvalidRequest: for a name that is used twice
        """
        found: dict[str, Target] = {}
        sources: dict[Target, str] = {}
        for source in self.sources:
            for target in self._of(source):
                if found.setdefault(target.name, target) != target:
                    raise InvalidRequest('objects', target.name, 'names that are not used twice')
                sources.setdefault(target, source)
        return sources

    def _of(self, source: str) -> list[Target]:
        folder = Path(source)
        if (folder.resolve().parent / MANIFEST).is_file():
            raise InvalidRequest(
                'objects', source, f'the folder above it: its {MANIFEST} tells the split, and '
                'what is reported on must not be trained on')
        if (folder / MANIFEST).is_file():
            return find_objects(source, 'train', self.tier, self.unit)
        return find_objects(source, unit=self.unit)

    def _wants(self, name: str) -> bool:
        return self.only is None or any(fnmatch(name, pattern) for pattern in self.only)
