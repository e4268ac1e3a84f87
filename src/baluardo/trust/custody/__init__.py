"""Where private keys are kept: paper shares of the root, sealed files, tokens.

`shares` and `printing` split a root's seed among custodians and put it on paper; `keyfile` keeps a
key in a file under a passphrase or in a token (`token`); `passphrase` says how passphrases come in.
"""
