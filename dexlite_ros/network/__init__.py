# SPDX-License-Identifier: Apache-2.0
"""The network that proposes grasps: PointNet and a conditional variational auto-encoder."""
