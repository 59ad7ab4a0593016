"""`python -m edge`: the same as the command `agender-edge`."""

from edge.cli import main

if __name__ == "__main__":
    main()
