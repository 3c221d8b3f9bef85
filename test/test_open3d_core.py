# SPDX-License-Identifier: Apache-2.0
"""The compiled part of open3d, alone and beside the package."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize('code', [
    # Alone: neither viewers nor data sets.
    'from dexlite_ros.open3d_core import open3d_core\n'
    'core = open3d_core()\n'
    'core.t.geometry.RaycastingScene(), core.io, core.utility, core.core\n'
    "assert not {'open3d', 'dash', 'sklearn'} & sys.modules.keys()\n"
    'assert open3d_core() is core\n',
    # Before and after the package: the same classes.
    'from dexlite_ros.open3d_core import open3d_core\n'
    'core = open3d_core()\n'
    'import open3d\n'
    'assert open3d.geometry.PointCloud is core.geometry.PointCloud\n',
    'import open3d\n'
    'from dexlite_ros.open3d_core import open3d_core\n'
    'assert open3d.geometry.PointCloud is open3d_core().geometry.PointCloud\n',
])
def test_core_loads_alone_and_beside_the_package(code):
    """It loads without the package, and whoever imports that as well gets the same classes."""
    subprocess.run([sys.executable, '-c', f'import sys\n{code}'], check=True, timeout=120)
