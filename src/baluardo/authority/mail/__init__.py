"""The post office for written messages: ciphertext for people who are not there.

    limits         how much, how many, how long
    refusal        why something is not done, with its code
    seats          whom the post office believes to sit where
    freshness      under what devices sign, and that each of their words counts once
    asking         whether a device itself has asked
    packages       key packages: published, told of, given out once each
    conversations  which group stands for two people
    order          one commit for each epoch, with a signed notice
    parts, room    what is delivered at once, and whether mailboxes have room for it
    boxes          mailboxes: delivered, collected, taken
    handed         what a seat was handed out, by which its device says what it keeps
    sending        messages to devices of a conversation
    leaving        what leaves: after thirty days, with a certificate, with a person
    rations        how often one device may ask

Every act is a function over one transaction, every look one over a connection; who asks is a seat
that was verified before (`channel_mail`). Nothing of it goes into the audit log.
"""
