"""The JMESPath compiler: typed expressions to Python expressions."""
