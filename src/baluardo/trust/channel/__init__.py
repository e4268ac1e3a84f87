"""Mutually authenticated TLS 1.3 channels between members of one community.

`stream` and `server` are what the rest of the house calls: `open_channel`, `serve`. Below them
`connection` is the pure core (octets and a time in, octets and events out), `tls` the one module
that configures TLS, `reasons` what people read when a handshake fails.
"""
