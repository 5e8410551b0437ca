"""Names that holders write into their jobs on a Slurm cluster: the agent makes them, the portal tells them."""

from __future__ import annotations

# Account of jobs on GPUs that are lent; the QOS of the same name, which gives way to all others, is the site's.
LENT_ACCOUNT = "dure-lent"
