"""An editor's acts on the day's stories: stories changed, and wishes for the choice. Pure."""
