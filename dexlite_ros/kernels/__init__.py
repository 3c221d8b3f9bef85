# SPDX-License-Identifier: Apache-2.0
"""The refinement's arithmetic on the CPU, compiled: one grasp at a time, without Python."""
