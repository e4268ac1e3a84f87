"""Telephony and messages: calls by precedence, admission by what paths carry, media relays."""
