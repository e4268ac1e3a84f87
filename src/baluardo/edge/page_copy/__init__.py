"""The pages of a site as a signed list, by which browsers keep a copy that no edge can change.

page_list   what the list is: a number that only grows, and every file with its digest
of_build    the list of the pages as they were built
judgement   whether two officers have signed it, and where an edge keeps it
door        where browsers get it, and the few files that stand at fixed addresses

The browser's half is web/src/calls/installed.
"""
