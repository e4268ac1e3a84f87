"""One database that orders everything an authority does, and the tile log that tells it.

schema          the tables
database        SQLite or PostgreSQL behind one URL, migrated before it is used
journal         the audit log as rows of the transaction in progress
transaction     what an act sees
store           one writer: many acts, one commit, then the log, then the answers
opening         a directory and its database, brought to agree
"""
