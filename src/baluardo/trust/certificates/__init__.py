"""Certificates of a community: X.509 v3 (RFC 5280) signed with ML-DSA (RFC 9881).

    dates           skew, and how times enter and leave X.509
    pem             text armour, bounded
    certificate     a certificate and a chain as typed values
    signatures      who signed a certificate
    anchors         the roots a community trusts, and how one succeeds another
    making          root, issuer, leaf, and the old root's word for the new one
    request         what somebody who wants a certificate sends (PKCS#10)
    revocation_list one numbered list of what was taken back, full or a delta
    revocation      what is revoked, from all lists that came
    verification    who the other end is, or why it is refused
    credential      a chain with the key of its leaf
    browser         the separate, classical authority for the pages of sites

Everything is pure: the time is an argument.
"""
