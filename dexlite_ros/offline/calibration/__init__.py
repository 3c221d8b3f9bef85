# SPDX-License-Identifier: Apache-2.0
"""The success model from labelled grasps: examples, fit, and quality on objects left out."""
