"""Let `python -m baluardo` do what the command `baluardo` does."""

import sys

from baluardo.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
