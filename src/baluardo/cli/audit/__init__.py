"""`baluardo audit ...`: one file per command."""
