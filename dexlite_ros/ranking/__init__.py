# SPDX-License-Identifier: Apache-2.0
"""Step 5 of a plan: predict success, filter, and rank."""
