"""Who is reached: simulated handsets under a plan of beams, and their curve beside the forecast."""
