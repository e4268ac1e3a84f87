"""Puts this directory on the path: tests of every part of the network share `places`."""
