"""The sharp floor: thin typed covers over `cryptography`, for the other modules of `trust` only.

Everything here can be used wrongly. What stands above (`channel`, `sealing`, `records`, ...) owns
nonces, contexts and lifetimes, and is what the rest of the house calls.
"""
