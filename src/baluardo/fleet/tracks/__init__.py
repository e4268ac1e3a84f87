"""Where platforms are, were and will be: reports as they come, estimates between, tracks ahead."""
