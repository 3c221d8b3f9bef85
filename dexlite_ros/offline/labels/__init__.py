# SPDX-License-Identifier: Apache-2.0
"""Labels from the conditions of use: plan on what a camera saw, judge on the true object."""
