# SPDX-License-Identifier: Apache-2.0
"""The planner's last result in a browser."""
