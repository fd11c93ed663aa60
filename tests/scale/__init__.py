"""More than one machine: many workers on PostgreSQL, killed, cut off and restarted while an edition leaves."""
