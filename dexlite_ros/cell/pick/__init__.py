# SPDX-License-Identifier: Apache-2.0
"""``make pick``: one object after the other is seen, planned for, lifted and put away."""
