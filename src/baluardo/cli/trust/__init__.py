"""`baluardo trust`: roots, issuers, certificates, revocation, the bill of materials."""
