"""Public warnings: written, released by two persons, broadcast to phones, and counted."""
