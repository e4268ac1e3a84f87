"""What edges, persons and the authority say to each other, and the documents they judge by.

    roles        what a person may be
    policy       who has which role, and what needs whose consent: the signed policy
    dangerous    commands that take two persons, and the rules they fall under
    invitation   the token, link or QR code of a first contact
    enrolment    the public half of an authority in one file, and requests sealed to it
    frames       frames out of a stream of octets, and back
    messages     every message of a channel
    driver       messages over a channel of trust

Cores without sockets and clocks; only `driver` awaits anything.
"""
