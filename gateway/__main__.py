"""`python -m gateway` and `credgraph`: dispatches to a command."""

import os
import sys

from gateway.cli import main as dispatch


def main() -> int:
    """The exit code of the command named on the command line."""
    try:
        return dispatch(sys.argv[1:])
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


if __name__ == "__main__":
    sys.exit(main())
