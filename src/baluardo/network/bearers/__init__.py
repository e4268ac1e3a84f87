"""The bearers of a site: its data plane, and the choice of the bearer that carries it."""
