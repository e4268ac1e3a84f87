"""What a link carries: weather, budgets, direct to cell, jamming. Pure numerics.

No module here reads a clock, a socket or a file other than the package's own data. Arguments are
numbers or arrays that broadcast as NumPy's do; angles are degrees, distances km, rates bit/s.
"""
