"""`python -m api`: the command line, the same as `hitherto`."""

from api.cli import main

main()
