# SPDX-License-Identifier: Apache-2.0
"""The judge: a simulated hand, test protocols, verdicts and videos."""
