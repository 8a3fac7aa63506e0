"""The front door: what commands and ``from lapsmith import ...`` call."""
