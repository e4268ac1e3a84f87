"""What edges, persons and the authority say to each other, and the documents they judge by.

    roles          what a person may be
    policy         who has which role, and what needs whose consent: the signed policy
    network_policy its part about tunnels: who talks to whom, where traffic may land
    dangerous      commands that take two persons, and the rules they fall under
    invitation     the token, link or QR code of a first contact
    public_bundle  the public half of an authority in one file
    enrolment      requests for a certificate sealed to an authority
    whereabouts    where authorities are, signed
    frames         frames out of a stream of octets, and back
    messages       every message of a channel
    mail_requests  what is asked of the post office for written messages; mail_answers, mail_items
    mail_notice    its signed word, which commit ends which epoch
    attendance     a browser's signed word that it sits at a site
    driver         messages over a channel of trust
    api_client     the authority's API over such a channel

Cores without sockets and clocks; only `driver` and `api_client` await anything.
"""
