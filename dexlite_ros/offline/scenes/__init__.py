# SPDX-License-Identifier: Apache-2.0
"""Objects on a table as a depth camera sees them, simulated or recorded."""
