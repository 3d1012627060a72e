"""Run the command line: `python -m landscapes`."""

from __future__ import annotations

import sys

from landscapes.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
