"""The node's parameters: tables of definitions, and the documentation made from them."""
