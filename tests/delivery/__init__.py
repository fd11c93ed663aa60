"""Delivery under fire: processes killed, carriers and databases that fail, and what the ledger says then."""
