"""Arabic and bidirectional text: comparing it, and showing it the right way round. Pure."""
