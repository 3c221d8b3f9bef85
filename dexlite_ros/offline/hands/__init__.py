# SPDX-License-Identifier: Apache-2.0
"""Hands from the robot descriptions of others: MJCF and URDF to a hand profile."""
