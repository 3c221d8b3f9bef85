# SPDX-License-Identifier: Apache-2.0
"""Step 2 of a plan: candidates, from the network or around the hull."""
