# SPDX-License-Identifier: Apache-2.0
"""Overview of prepared objects: facts about each, and a picture of all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from dexlite_ros.errors import FileError, UnusableObject
from dexlite_ros.offline.objects.prepared_object import prepare, PreparedObject
from dexlite_ros.offline.objects.sources import load_target, Target
from dexlite_ros.output.picture import (
    ColouredMesh,
    OBJECT_COLOUR,
    render,
    write_label,
    write_sheet,
)

PANEL = (200, 200)
"""Width and height of one object [pixels]."""
COLUMNS = 9
VIEW = np.array([1.0, -1.6, 1.1])
"""Direction from the object to the camera."""


def facts(target: Target) -> dict[str, Any]:
    """Return facts about an object as plain data, or 'error'; called by workers."""
    try:
        return _facts(prepare(target))
    except (FileError, UnusableObject) as error:
        return {'error': str(error)}


def _facts(prepared: PreparedObject) -> dict[str, Any]:
    return {
        'family': prepared.family, 'licence': prepared.licence, 'digest': prepared.digest,
        'split': prepared.split, 'size': np.ptp(prepared.points, axis=0).tolist(),
        'volume': prepared.volume, 'centre_of_mass': prepared.centre_of_mass.tolist(),
        'inertia': prepared.inertia.tolist(), 'pieces': len(prepared.pieces),
        'rests': prepared.rests, 'poses': [each.verdict.reason for each in prepared.poses],
        'mended': list(prepared.mended)}


def write_overview(path: Path, targets: Sequence[Target]) -> Path:
    """Write a PNG of all objects, each with its name, and return the path."""
    return write_sheet(path, [_panel(each) for each in targets], min(COLUMNS, len(targets)))


def _panel(target: Target) -> Image.Image:
    mesh, _ = load_target(target)
    panel = render(
        [ColouredMesh(np.asarray(mesh.vertices), np.asarray(mesh.faces), OBJECT_COLOUR)],
        VIEW, PANEL)
    write_label(panel, target.name)
    return panel
