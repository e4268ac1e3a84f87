"""Proofs that run a nation on this machine, measure it, and print a table: `baluardo prove`."""
