"""Contacts planned ahead: which satellite, which landing, how much, and where there is none."""
