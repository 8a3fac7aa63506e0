"""lapsmith: LAP API descriptions in, typed Python AWS clients out."""

__version__ = "0.1.0"
