"""The command line: one module per command, each with `add` (its parser) and `run` (what it does)."""
