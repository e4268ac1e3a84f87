"""The encrypted network of a site as the edge runs it: bearers, lanes, keys, neighbours."""
