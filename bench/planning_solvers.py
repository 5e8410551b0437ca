"""Naive models of a problem handed to general solvers, one process each.

    python planning_solvers.py SOLVER PROBLEM SECONDS

Standard library plus the solver alone, so that any interpreter with it will do. CP-SAT gets intervals: a start, a size
and a cluster per application, cumulative capacities, the size's value from a table. HiGHS and SCIP get every choice as
a 0-1 column. Prints {"value", "bound", "seconds"}; value null when the solver found nothing.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

Choice = tuple[int, str, int, int, int]


def choices(problem: Any) -> list[list[Choice]]:
    """Per application its (value, cluster, start, nodes, end), straight from the document."""
    per_month, slots = problem["calendar"]["slots_per_month"], problem["calendar"]["slots"]
    formula, found = problem["formula"], []
    marks = {one["code"]: one["pass_mark_tenths"] for one in problem["tracks"]}
    for one in problem["applications"]:
        mine: list[Choice] = []
        is_fundable = one["eligible"] and one["score_tenths"] >= marks[one["track"]]
        for option in one["options"] if is_fundable else ():
            worth = max(0, one["score_tenths"] - formula["offset_tenths"]) * option["utility"] * one["duration"]
            for start in range(one["earliest"], min(one["latest"], slots - one["duration"]) + 1):
                kept = 1000 * per_month - formula["delay_permille"] * (start - one["earliest"])
                for nodes in range(option["min_nodes"], option["max_nodes"] + 1):
                    value = worth * formula["size_table"][nodes] * kept // (10**7 * per_month**2)
                    mine.append((value, option["cluster"], start, nodes, start + one["duration"]))
        found.append(mine)
    return found


def rules(problem: Any) -> tuple[list[int], list[list[tuple[int, str]]]]:
    """Caps of rules, and per application the (rule, what is counted) it falls under; money in thousands of won.

    The instances have rules over the whole calendar only, matched by facts of applications.
    """
    caps: list[int] = []
    under: list[list[tuple[int, str]]] = [[] for _ in problem["applications"]]
    for policy in problem["policies"]:
        is_money = policy["measure"] == "cost_won"
        rows: dict[str, int] = {}
        for mine, one in zip(under, problem["applications"], strict=True):
            if all(one[name] in among for name, among in policy["match"].items()):
                word = one[policy["each"]] if policy["each"] else ""
                if word not in rows:
                    rows[word] = len(caps)
                    caps.append(policy["caps"][0] // (1000 if is_money else 1))
                mine.append((rows[word], policy["measure"]))
    return caps, under


def counted(measure: str, option: Any, node_slots: int) -> int:
    """What an award of so many node-slots counts."""
    return node_slots * (option["cost_won"] // 1000 if measure == "cost_won" else 1)


def cp_sat(problem: Any, seconds: float) -> tuple[int | None, float]:
    """Optional intervals with sizes and cumulative capacities."""
    from ortools.sat.python import cp_model

    model = cp_model.CpModel()
    slots, formula, per_month = problem["calendar"]["slots"], problem["formula"], problem["calendar"]["slots_per_month"]
    intervals: dict[str, list[Any]] = {cluster["code"]: [] for cluster in problem["clusters"]}
    worth, sized = [], []
    marks = {one["code"]: one["pass_mark_tenths"] for one in problem["tracks"]}
    for index, one in enumerate(problem["applications"]):
        if not one["eligible"] or one["score_tenths"] < marks[one["track"]]:
            continue
        last = min(one["latest"], slots - one["duration"])
        start = model.new_int_var(one["earliest"], last, "")
        taken = []
        for option in one["options"]:
            is_on = model.new_bool_var("")
            nodes = model.new_int_var(option["min_nodes"], option["max_nodes"], "")
            here = model.new_optional_fixed_size_interval_var(start, one["duration"], is_on, "")
            intervals[option["cluster"]].append((here, nodes))
            amount = max(0, one["score_tenths"] - formula["offset_tenths"]) * option["utility"] * one["duration"]
            table = [
                amount * formula["size_table"][n] // (10**4 * per_month)
                for n in range(option["min_nodes"], option["max_nodes"] + 1)
            ]
            value = model.new_int_var(0, max(table), "")
            raw = model.new_int_var(0, max(table), "")
            model.add_element(nodes - option["min_nodes"], table, raw)
            model.add(value <= raw)
            model.add(value == 0).only_enforce_if(~is_on)
            used = model.new_int_var(0, option["max_nodes"], "")
            model.add(used == nodes).only_enforce_if(is_on)
            model.add(used == 0).only_enforce_if(~is_on)
            taken.append(is_on)
            worth.append((value, is_on, index, option, start, nodes))
            sized.append((index, one, option, used))
        model.add_at_most_one(taken)
    for cluster in problem["clusters"]:
        line = intervals[cluster["code"]]
        model.add_cumulative([here for here, _ in line], [nodes for _, nodes in line], max(cluster["capacity"]))
    caps, under = rules(problem)
    terms: list[list[Any]] = [[] for _ in caps]
    for index, one, option, used in sized:
        for row, measure in under[index]:
            terms[row].append(counted(measure, option, one["duration"]) * used)
    for cap, line in zip(caps, terms, strict=True):
        if line:
            model.add(sum(line) <= cap)
    model.maximize(sum(value for value, *_ in worth))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds, solver.parameters.num_workers = seconds, 2
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None, 0.0
    total = 0
    for _, is_on, index, option, start, nodes in worth:
        if solver.boolean_value(is_on):
            one = problem["applications"][index]
            amount = max(0, one["score_tenths"] - formula["offset_tenths"]) * option["utility"] * one["duration"]
            kept = 1000 * per_month - formula["delay_permille"] * (solver.value(start) - one["earliest"])
            total += amount * formula["size_table"][solver.value(nodes)] * kept // (10**7 * per_month**2)
    return total, solver.best_objective_bound


def columns(problem: Any) -> tuple[list[int], list[list[tuple[int, int]]], list[int], int]:
    """Values, uses per column as (row, amount), caps; the last count rows are one per application."""
    slots = problem["calendar"]["slots"]
    place = {cluster["code"]: at * slots for at, cluster in enumerate(problem["clusters"])}
    caps = [amount for cluster in problem["clusters"] for amount in cluster["capacity"]]
    base = len(caps)
    more, under = rules(problem)
    caps += more
    values, uses = [], []
    for number, (one, mine) in enumerate(zip(problem["applications"], choices(problem), strict=True)):
        option = {each["cluster"]: each for each in one["options"]}
        for value, cluster, start, nodes, end in mine:
            values.append(value)
            line = [(place[cluster] + slot, nodes) for slot in range(start, end)]
            held = nodes * (end - start)
            line += [(base + row, counted(measure, option[cluster], held)) for row, measure in under[number]]
            uses.append([*line, (len(caps) + number, 1)])
    return values, uses, caps, len(problem["applications"])


def highs(problem: Any, seconds: float) -> tuple[int | None, float]:
    """All columns, one branch and bound."""
    import highspy
    import numpy as np

    values, uses, caps, count = columns(problem)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(values), len(caps) + count
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.array(values, dtype=float)
    model.col_lower_, model.col_upper_ = np.zeros(len(values)), np.ones(len(values))
    model.row_lower_ = np.full(model.num_row_, -highspy.kHighsInf)
    model.row_upper_ = np.array([*caps, *[1] * count], dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.cumsum([0, *(len(line) for line in uses)]).astype(np.int32)
    model.a_matrix_.index_ = np.array([row for line in uses for row, _ in line], dtype=np.int32)
    model.a_matrix_.value_ = np.array([amount for line in uses for _, amount in line], dtype=float)
    model.integrality_ = [highspy.HighsVarType.kInteger] * len(values)
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("time_limit", seconds)
    solver.passModel(model)
    solver.run()
    chosen = [at for at, one in enumerate(solver.getSolution().col_value) if one > 0.5]
    is_found = solver.getInfo().primal_solution_status == 2
    return (sum(values[at] for at in chosen) if is_found else None), solver.getInfo().mip_dual_bound


def scip(problem: Any, seconds: float) -> tuple[int | None, float]:
    """All columns, one branch and bound."""
    import pyscipopt

    values, uses, caps, count = columns(problem)
    model = pyscipopt.Model()
    model.hideOutput()
    model.setParam("limits/time", seconds)
    variables = [model.addVar(vtype="B", obj=value) for value in values]
    by_row: list[list[tuple[int, int]]] = [[] for _ in range(len(caps) + count)]
    for at, line in enumerate(uses):
        for row, amount in line:
            by_row[row].append((at, amount))
    for row, terms in enumerate(by_row):
        if terms:
            cap = caps[row] if row < len(caps) else 1
            model.addCons(pyscipopt.quicksum(amount * variables[at] for at, amount in terms) <= cap)
    model.setMaximize()
    model.optimize()
    if model.getNSols() == 0:
        return None, 0.0
    best = model.getBestSol()
    return sum(value for value, one in zip(values, variables, strict=True) if best[one] > 0.5), model.getDualbound()


SOLVERS = {"cp-sat": cp_sat, "highs": highs, "scip": scip}


def main() -> None:
    """Solve and print; a solver that is not there is said so."""
    name, path, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
    begin = time.perf_counter()
    problem = json.loads(Path(path).read_bytes())
    try:
        value, bound = SOLVERS[name](problem, max(1.0, seconds - (time.perf_counter() - begin)))
    except ImportError as error:
        print(json.dumps({"missing": str(error)}))
        return
    print(json.dumps({"value": value, "bound": bound, "seconds": time.perf_counter() - begin}))


if __name__ == "__main__":
    main()
