"""A nation's packets on one machine: places in namespaces, joined by the wire as the sky says."""
