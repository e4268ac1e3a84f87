"""The audit log: what was done stands in a Merkle tree that its owner cannot rewrite unseen.

Hashing is RFC 6962's, files and checkpoints are those of C2SP (tlog-tiles, tlog-checkpoint,
signed-note, tlog-cosignature) under the profile's ML-DSA key; docs/decisions/0005 tells what
differs. `record` says what an entry is, `store` keeps it, `witness` and `verification` find out an
owner who cuts or forks the log.
"""
