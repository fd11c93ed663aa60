"""From an edition to messages: view, render, inline, MIME, personalise, check. Pure."""
