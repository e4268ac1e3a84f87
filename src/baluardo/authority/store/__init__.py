"""One database that orders everything an authority does, and the tile log that tells it.

schema          the tables
database        SQLite or PostgreSQL behind one URL, migrated before it is used
rows            entries and lists as they stand in it
journal         the audit log as rows of the transaction in progress
transaction     what an act sees
commit          a group of acts: one transaction, then log and lists
store           one writer: many acts, one commit, then the answers
served          how far the log was when the service stopped
restored        what the first start after a restore does
opening         a directory and its database, brought to agree
"""
