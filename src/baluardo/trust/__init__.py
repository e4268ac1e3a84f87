"""Keys, certificates, channel, sealing, signed commands and the audit log.

The only package that touches cryptography; it needs nothing of the sky. Inside it `primitives` is
the sharp floor: raw nonces and shared secrets stay there, and nothing outside `trust` sees it.
"""
