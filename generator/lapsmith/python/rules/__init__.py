"""The endpoint-rule compiler: a service's rule set to plain Python functions."""
