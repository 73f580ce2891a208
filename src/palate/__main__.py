"""`python -m palate`: the same as the command `palate`."""

import sys

from palate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
