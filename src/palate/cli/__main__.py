"""`python -m palate.cli`."""

import sys

from palate.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
