"""Run the command line with ``python -m imagelock``."""

from imagelock.cli.main import console_main

if __name__ == "__main__":
    console_main()
