# SPDX-License-Identifier: Apache-2.0
"""Constants in single precision: a plain literal would make an expression double."""

import numpy as np

ZERO = np.float32(0.0)
HALF = np.float32(0.5)
ONE = np.float32(1.0)
TWO = np.float32(2.0)
TINY = np.float32(1e-12)
FAR = np.float32(1e9)
"""Farther than any distance [m]."""
