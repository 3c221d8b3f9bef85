# SPDX-License-Identifier: Apache-2.0
"""From the cloud of a whole scene to that of one object and that of everything else."""
