"""The agent at a site: an office, a ship, an auditor. It judges by itself, also when cut off.

news         what the authority publishes, judged before it is believed
policy       each policy judged by the one before it
directory    other sites by their tunnel cards, each judged here
alarms       what an honest authority does not do
log_memory   the newest checkpoint of the log that was seen
whereabouts  who an edge is, and where it finds authorities
state        a directory and what the program holds of it: on the disk before it is used
web          the authority over HTTP: for who has no channel yet
enrolment    the first contact
session      one channel to an authority, while it lasts
link         one channel after another, to whichever authority answers
calls        the telephone of the site: who sits where, calls to other sites
pages        the pages for the browsers of the site, and their requests forwarded
agent        all of it assembled

configuration  what the machine is told, in one file
media_settings where browsers send media of calls, and who may
page_socket    where a proxy of the same machine reaches the pages
supervision    what a service manager is told
systemd        the units that keep it running
updates        programs that two officers have signed
"""
