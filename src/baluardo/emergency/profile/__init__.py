"""How a country warns its phones: identifiers, levels, colours and words, as data."""
