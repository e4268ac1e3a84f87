"""Public warnings at the authority: released, cancelled, handed to the ways out, told."""
