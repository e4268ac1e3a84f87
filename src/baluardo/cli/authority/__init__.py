"""`baluardo authority`: the sovereign service, and what its officers do from a command line."""
