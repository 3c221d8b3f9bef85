# SPDX-License-Identifier: Apache-2.0
"""The command ``dexlite``: one thin module per subcommand."""
