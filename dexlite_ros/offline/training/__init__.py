# SPDX-License-Identifier: Apache-2.0
"""Training of the network: examples from a dataset, losses, and a loop that can be resumed."""
