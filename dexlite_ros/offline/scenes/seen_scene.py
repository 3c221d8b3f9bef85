# SPDX-License-Identifier: Apache-2.0
"""A scene on a table, as a camera saw it, together with the truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
import trimesh

from dexlite_ros.object.cloud import PointCloud


@dataclass(frozen=True)
class SeenScene:
    """
    One object on a table as a camera sees it, and the truth.

    World frame: z up, the table at z = 0. Camera frame: optical, x to the right of the image,
    y down, z forward.
    """

    cloud: PointCloud
    """Points labelled as the object, camera frame, with the viewpoint (0, 0, 0) [m]."""
    rest: NDArray[np.float64]
    """(M, 3) other measured points within 0.35 m of the object's, camera frame [m]."""
    camera: NDArray[np.float64]
    """(4, 4) pose of the camera in the world."""
    object: NDArray[np.float64]
    """(4, 4) pose of the true mesh in the world."""
    neighbours: tuple[trimesh.Trimesh, ...] = ()
    """The other objects on the table, placed in the world [m]."""
