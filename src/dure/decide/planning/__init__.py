"""Award plans: a problem (frozen, hashed) becomes a plan, which anybody can audit and every applicant can understand.

`solve` is loaded when it is first asked for, so that reading a document needs no solver.
"""
