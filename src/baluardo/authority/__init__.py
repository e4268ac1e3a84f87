"""The sovereign service: identities, policy, revocation and the log, for a whole country.

    settings        what an authority is told once, in its own directory
    store           one database that orders everything, and the tile log that tells it
    events          what one authority tells the others, and its own doors
    acts            what can be done, each a function over one transaction
    doors           the HTTP interface, one file per door
    channel_door    edges and officers' command lines, over trust.channel
    service         all of it assembled

docs/decisions/0008 says why the database orders and the log follows.
"""
