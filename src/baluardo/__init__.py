"""Baluardo: a state's own secure network over satellites it does not own."""

__version__ = "0.1.0"
