"""The authority's offices: root ceremonies, issuing, renewing, revoking, and the holder's side.

Everything an authority does stands in its audit log before anybody sees its result: the register of
certificates is read from the log, and there is no second copy that could differ.
"""
