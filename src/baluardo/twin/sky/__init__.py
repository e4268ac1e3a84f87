"""Where every satellite is, who sees whom, how lasers link them, how traffic lands. Pure numerics.

No module here reads a clock, a socket or a file other than the package's own data; times are
arguments (POSIX seconds, UTC), positions are float64 arrays of shape (times, satellites, 3), km,
Earth-fixed (ITRF without polar motion).
"""
