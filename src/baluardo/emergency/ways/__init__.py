"""What carries a released warning out: to the satellite operator, to a cell broadcast centre, on.

`way` is the interface, `sender` drives it from the authority's outbox; `operator_way`, `osmo_cbc`
and `webhook` are drivers, the only files here that touch a network (through `posting`).
"""
