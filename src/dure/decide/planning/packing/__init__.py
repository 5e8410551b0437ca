"""Packing: pick at most one choice from every group, under integer caps, for the most value - and prove how good it is.

Nothing here knows of GPUs. A group is somebody who asks; a choice is one way to serve them (where, from when, how
much), with a value and what it uses of each row; a row is anything that can run out: a cluster in a month, a budget,
an organisation's cap. Exact solution is out of reach for thousands of groups, so the work is done from two sides that
meet within a small, proven gap.

From above, *prices*. Give every row a price, and let each group take whatever is worth more than it costs, ignoring
all caps. What the groups gain plus what the rows cost is a bound on every feasible plan (`bound`), whatever the
prices are; the art is to find prices for which it is low.
  1. `descent`: raise the price of what is overused, lower the rest, a thousand times. Seconds at 50,000 groups.
  2. `master`, `columns`: the best prices of all, from a linear programme that is shown only the choices near a
     group's best and is given others when prices call for them.
  3. `blocks`: a row that few large uses share (an organisation's cap) is overrated by any price, since it can rarely
     be filled to the brim. Such rows are kept as exact knapsacks instead, solved by table in every evaluation.
     Blocks may not share a group; which rows to keep is decided by trying each alone.
  4. `rounding`: what whole choices can never make of several rows together, as further inequalities with a price.
All prices are whole numbers (1/scale of a value unit), so the bound is a sum that anyone can do again.

From below, *search* on a board (`state`) that knows what is left of every row and who sits on it.
  5. Take what the linear programme takes whole, then fill up in order of value less price.
  6. `anneal`, `search`: force a promising choice in, evict whoever is worth least at the prices, give back what was
     freed, and accept small losses early on. Two chains, each with its own seed, joined after every cycle of rounds.
  7. `pooled`: where rows cannot be told apart, search with them added up and distribute the plan over them after.
     A model that names no such rows is searched narrowly and widely, cold and hot, in turns.

Under a *merit order* (`envy`) a plan must leave nobody out who, with a score higher by the band, could take the place
of one lower award. `settle` searches among such plans only; `precedence` finds inequalities that all of them obey
and that lower the bound below that of the unrestricted problem.

Work is counted in moves, never in seconds, and every decision is made in integers or in a fixed order of operations:
the same model and budget give the same bytes, with one thread or two. The caller fixes the order of groups.
The first call compiles the kernels (cached beside the source afterwards).
"""

from dure.decide.planning.packing.envy import Merit, envy_count
from dure.decide.planning.packing.model import Model, build, from_json, to_json
from dure.decide.planning.packing.pack import DEFAULT_BUDGET, pack
from dure.decide.planning.packing.result import Packed

__all__ = ["DEFAULT_BUDGET", "Merit", "Model", "Packed", "build", "envy_count", "from_json", "pack", "to_json"]
