"""Judged grasps on disk; the format is described in docs/data.md."""
