# SPDX-License-Identifier: Apache-2.0
"""From clouds and meshes to closed surfaces and their signed distance."""
