# SPDX-License-Identifier: Apache-2.0
"""The node's parameters: tables of definitions, and the documentation made from them."""
