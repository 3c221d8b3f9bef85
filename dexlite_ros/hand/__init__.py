# SPDX-License-Identifier: Apache-2.0
"""The hand: facts, description, kinematics and geometry."""
