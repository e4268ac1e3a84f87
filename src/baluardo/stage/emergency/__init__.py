"""Warnings in the stage: the satellite operator played by the twin, whose phones are simulated."""
