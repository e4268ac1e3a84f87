"""The inner layer of profile cnsa: ESP between two sites, inside WireGuard, by strongSwan."""
