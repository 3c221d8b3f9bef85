# SPDX-License-Identifier: Apache-2.0
"""Evaluation of plans on many objects: figures, reports, calibration, timing."""
