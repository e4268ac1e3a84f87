"""Places, regions and cells on the ground."""
