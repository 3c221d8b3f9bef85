# SPDX-License-Identifier: Apache-2.0
"""Output of a plan: files, tables, pictures."""
