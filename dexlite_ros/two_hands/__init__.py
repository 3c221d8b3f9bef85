# SPDX-License-Identifier: Apache-2.0
"""Pairs of grasps for what one hand cannot carry: opposite sides, balanced together."""
