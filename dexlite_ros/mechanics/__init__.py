# SPDX-License-Identifier: Apache-2.0
"""The mechanics of a grasp: energy terms, contact forces, squeeze forces, stiffness."""
