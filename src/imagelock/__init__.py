"""Pin every container image to a digest that you chose, and keep it so."""

__version__ = "0.1.0"
