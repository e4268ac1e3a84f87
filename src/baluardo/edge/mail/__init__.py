"""Written messages at an edge: carried between its browsers and the authority, and never kept.

correspondent  one browser that has attended: what it asks, and what it is brought
exchange       all of them and the channel to an authority, as a pure core
service        the exchange driven: seats, the channel, time
"""
