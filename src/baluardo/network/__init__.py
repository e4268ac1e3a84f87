"""Packets: what carries them at a site, and what makes them feel a sky where there is none."""
