"""The editor's studio: a letter as readers will see it, before anybody gets it. Freezes and sends nothing."""
