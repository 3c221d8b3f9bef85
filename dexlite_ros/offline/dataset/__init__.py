# SPDX-License-Identifier: Apache-2.0
"""Judged grasps on disk; the format is described in docs/data.md."""
