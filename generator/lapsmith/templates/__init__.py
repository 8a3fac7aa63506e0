"""The templates that clients are made of: where they are, and which runtime modules a client needs."""
