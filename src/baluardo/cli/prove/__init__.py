"""`baluardo prove`: run a nation on this machine and measure what is claimed."""
