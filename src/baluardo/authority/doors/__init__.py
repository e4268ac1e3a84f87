"""The HTTP interface, one file per door: what is asked is bounded here, what is done is an act."""
