"""`python -m kerasaug` is the command `kerasaug`."""

import sys

from kerasaug.cli import main

if __name__ == "__main__":
    sys.exit(main())
