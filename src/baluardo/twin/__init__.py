"""The twin of the constellation."""
