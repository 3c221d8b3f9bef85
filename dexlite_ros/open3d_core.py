# SPDX-License-Identifier: Apache-2.0
"""
The compiled part of open3d, which is all that is used of it here.

Importing the package also loads its viewers, with a web server, and its collections of data sets:
three quarters of its time and memory.
"""

from __future__ import annotations

from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

_NAME = 'open3d.cpu.pybind'


@cache
def open3d_core() -> Any:
    """
    Return a module with open3d's ``core``, ``geometry``, ``io``, ``t`` and ``utility``.

    Whoever imports the whole package before or afterwards gets the same classes.

    :raises ModuleNotFoundError: open3d is not installed
    """
    found = sys.modules.get(_NAME) or _load()
    if found is None:  # with CUDA, or of another layout: the package must choose its parts itself
        import open3d

        return open3d
    return found


def raycasting_scene(*meshes: tuple[NDArray[np.floating], NDArray[np.integer]]) -> Any:
    """
    Return an open3d scene of triangle meshes, which answers for rays and nearest points.

    :param meshes: vertices (V, 3) [m] and faces (F, 3) of each; numbered in this order
    """
    core = open3d_core()
    scene = core.t.geometry.RaycastingScene()
    for vertices, faces in meshes:
        scene.add_triangles(
            core.core.Tensor(np.array(vertices, np.float32)),
            core.core.Tensor(np.array(faces, np.uint32)))
    return scene


def _load() -> ModuleType | None:
    """Load the extension module by its file, as the package would; None if it is elsewhere."""
    package = find_spec('open3d')
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0])
    files = [folder / 'cpu' / f'pybind{suffix}' for suffix in EXTENSION_SUFFIXES]
    place = next((path for path in files if path.is_file()), None)
    if place is None or (folder / 'cuda').exists():
        return None
    spec = spec_from_file_location(_NAME, place)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    return module
