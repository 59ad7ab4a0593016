"""Folders of the runtime directory by which processes of different users meet."""

PAGE = "page"
"""Where the page meets the publisher and, while somebody aims, vision; below the runtime folder, so
that the page need see none of the other sockets there."""
