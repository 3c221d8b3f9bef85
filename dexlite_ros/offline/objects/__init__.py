# SPDX-License-Identifier: Apache-2.0
"""Sources of objects, and their preparation for simulation."""
