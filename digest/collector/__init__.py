"""From a feed's bytes to article drafts: decode, parse, date, clean, name. Pure."""
