"""Sample news of our own invention, served as live feeds: the whole path without a network."""
