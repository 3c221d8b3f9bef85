# SPDX-License-Identifier: Apache-2.0
"""Distribution of work over processes and machines."""
