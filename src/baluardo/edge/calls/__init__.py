"""The telephone at an edge: who sits where, and calls carried between browsers and other edges.

attendance      a browser's signed word that it sits at a site, verified here
people          who sits at which site, and where everybody was last seen
browser_frames  what a browser and its edge say to each other
shown_people    what browsers are told of them: everybody, then changes
presence        the same while it runs: seats, what browsers are shown, the file
seat            what is to be told to one browser, bounded
ceilings        how urgent a person's calls may be
call_time       the time that calls go by
decision_log    every decision on a call, with its reason
kept_decisions  the last of them, for pages
missed_calls    calls that rang nowhere, for who was away
missed_book     their file
call_records    calls that are over, and how those that go on sound
record_pages    records and decisions as pages show them
service         the switchboard driven: time, octets in and out, decisions logged
neighbours      channels with other edges
through_tunnels where those channels go
relay_places    the relay of media as calls use it
near_ports      its ports for browsers of the site
far_ports       its ports within the tunnels
port_pool       how many of each stand ready
path_room       which calls the site's path has room for
door            the WebSocket at which browsers sit
"""
