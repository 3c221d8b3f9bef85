# SPDX-License-Identifier: Apache-2.0
"""Generation of large datasets: propose, choose, judge and store grasps."""
