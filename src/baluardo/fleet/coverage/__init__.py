"""Coverage of the sea: what a dish gets in each of its cells through a day."""
