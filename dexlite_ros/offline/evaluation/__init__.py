"""Evaluation of plans on many objects: figures, reports, calibration, timing."""
