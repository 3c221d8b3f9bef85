# SPDX-License-Identifier: Apache-2.0
"""Procedural household shapes: unlimited in number, watertight, and free of third-party rights."""
