"""Live through a year: `python -m tests.system.year DATABASE CONFIG REPORT LOANS SEED`."""

from __future__ import annotations

import sys

from tests.system.year.running import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
