# SPDX-License-Identifier: Apache-2.0
"""Step 3 of a plan: refine candidates into firm contact, in rounds."""
