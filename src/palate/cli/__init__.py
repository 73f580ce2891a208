"""The command line: parse, call the library, print. One file a command."""

from palate.cli.main import main

__all__ = ["main"]
