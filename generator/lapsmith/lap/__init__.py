"""LAP text to syntax tree and back. Knows nothing of AWS, HTTP clients or Python source."""

from lapsmith.lap.parser import Parsed, parse, parse_types
from lapsmith.lap.writer import write

__all__ = ["Parsed", "parse", "parse_types", "write"]
