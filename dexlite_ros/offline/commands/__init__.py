"""The command ``dexlite``: one thin module for each subcommand."""
