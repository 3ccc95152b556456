import sys

from scf_tool.cli import main

sys.exit(main(sys.argv[1:]))
