# SPDX-License-Identifier: Apache-2.0
"""
A simulated robot cell over ROS 2: a table with objects, a depth camera, and the hand on a gantry.

The only folder that knows both ``ros`` and the physics of ``offline``.
"""
