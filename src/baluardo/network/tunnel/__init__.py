"""Tunnels between sites: WireGuard with keys that outlive a quantum computer.

`card` says who a peer is, `round` and `schedule` are the pure cores of the key rounds, `exchange`
runs them over channels, `wireguard` writes and reads what the tool `wg` understands. The exchange
and its security argument stand in docs/protocols/tunnel.md.
"""
