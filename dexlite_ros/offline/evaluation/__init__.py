"""Plans on many objects, judged: figures, reports, calibration, timing."""
