"""From articles to stories by region: vectors, clusters, places, scores, the pick. Pure."""
