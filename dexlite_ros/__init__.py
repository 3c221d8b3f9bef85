# SPDX-License-Identifier: Apache-2.0
"""Ranked Shadow Hand grasps from a segmented point cloud."""

from pkgutil import extend_path

# The generated messages (dexlite_ros.msg, dexlite_ros.srv) may live in another folder of the path.
__path__ = extend_path(__path__, __name__)

__version__ = '0.1.0'
