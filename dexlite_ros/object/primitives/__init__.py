# SPDX-License-Identifier: Apache-2.0
"""Simple closed solids fitted to the seen part of an object."""
