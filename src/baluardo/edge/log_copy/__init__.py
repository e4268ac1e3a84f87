"""An edge's own copy of the audit log, which it verifies, keeps, and cosigns as a witness.

`store` keeps it on the disk and takes nothing that does not follow; `uncounted` is what was fetched
and not taken yet; `index` finds certificates; `asking` fetches from whichever
authority is connected; `keeper` does both for as long as the edge runs. Browsers of the site get
from it what shows that a certificate was written down, also while no authority can be reached.
"""
