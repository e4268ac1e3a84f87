"""The words of a warning looked at: what they cost on the air, and what is wrong with them."""
