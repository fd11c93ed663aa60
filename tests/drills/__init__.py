"""Fault drills: what the operator sees when something breaks, what becomes of the readers, and that the next slot is right.

`python -m tests.drills` runs them all and reports in plain words; `test_drills.py` runs each as a test.

report:   what one drill has to tell
newsroom: outlets on loopback that bring fresh news each day, and can be broken
carriers: who takes the letters: SMTP and SendGrid on loopback, both can be broken
stage:    a home with readers, and a worker on a clock that is set by hand
drills:   the list; each drill stands in a module of its own
"""
