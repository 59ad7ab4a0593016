"""`python -m hub`: the command `agender-hub`."""

from hub.cli import main

main()
