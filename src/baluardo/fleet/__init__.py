"""Platforms on the move: their tracks, their contacts planned ahead, and where they may land."""
