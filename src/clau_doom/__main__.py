"""Entry point of ``python -m clau_doom``, the same as ``clau-doom``."""

from clau_doom.cli import main

if __name__ == "__main__":
    main()
