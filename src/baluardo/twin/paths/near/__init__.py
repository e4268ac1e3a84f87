"""The sky near to a region, prepared for a span: platforms' paths in all of its slots at once."""
