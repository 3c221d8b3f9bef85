# SPDX-License-Identifier: Apache-2.0
"""Demo over ROS 2: a cloud, a client and a picture."""
