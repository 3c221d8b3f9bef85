"""The command ``dexlite``: one thin module per subcommand."""
