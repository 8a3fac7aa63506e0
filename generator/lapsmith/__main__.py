"""``python -m lapsmith``."""

from lapsmith.cli import main

main(prog_name="lapsmith")
