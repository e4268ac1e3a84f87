"""A small compiled UDP relay at each edge: media between a browser and the other edge's relay."""
