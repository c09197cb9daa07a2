#!/usr/bin/env python3
"""Independent calculator of Decree 335/2025: one JSON case a line in, one JSON result a line out.

Written from the articles with Python's fractions. It thinks of a period as a table: each product is a row that says
which part of its points art. 14 keeps for quantity, quality and progress, and every ratio is a weighted sum of a
column. It shares no code, no data type and no order of steps with the program it checks. Input: the format of
`score case` with every switch of the rule set given.
"""
import json
import sys
from datetime import date, timedelta
from fractions import Fraction

FORM_01 = {"I.1": "5", "I.2": "5", **{f"{group}.{n}": "2.5" for group in ("II", "III") for n in (1, 2, 3, 4)}}
BANDS = (("excellent", 90), ("good", 70), ("completed", 50), ("not_completed", None))


def number(written):
    return Fraction(str(written))


def days_late(row, unit, precision):
    """How often the product was late (art. 14.2.c): told, or counted over the days after the due day. By the minute,
    whoever is behind the minute is late once at least."""
    if row.get("late_excused"):
        return 0
    if "due" not in row or "completed_on" not in row:
        return int(row.get("late", 0))
    due, done = (date.fromisoformat(row[key]) for key in ("due", "completed_on"))
    after = [due + timedelta(days=n) for n in range(1, (done - due).days + 1)]
    behind = bool(after)
    if precision == "minute" and due == done and "due_time" in row and "completed_time" in row:
        behind = row["completed_time"] > row["due_time"]
    if unit == "working_day":
        after = [day for day in after if day.isoweekday() <= 5]
    counted = min(len(after), 1) if unit == "occurrence" else len(after)
    return max(counted, 1) if behind and precision == "minute" else counted


def points(row):
    """Points of one unit of the product: k, times the multiplier of the post (statistics office)."""
    return number(row["coefficient"]) * number(row.get("multiplier", 1))


def kept(row, times, scope):
    """Quantity whose points remain after `times` deductions of a quarter (art. 14.2.b, c)."""
    done = number(row["completed"])
    lost = Fraction(min(times, 4), 4) * done if scope == "line" else Fraction(times, 4)
    return done - min(lost, done)


def ratios(case):
    rules = case["rule_set"]
    scope, unit, precision = rules["deduction_scope"], rules["late_unit"], rules["due_precision"]
    planned = sum(
        (points(row) * number(row["assigned"])
         for row in case["lines"] if rules["extra_in_denominator"] or not row.get("extra")),
        Fraction(0),
    )
    if planned == 0:
        stands_for = {"not_computable": None, "zero": Fraction(0), "full": Fraction(1)}
        return [stands_for[rules["zero_den_policy"]]] * 3
    columns = {
        "a": lambda row: number(row["completed"]),
        "b": lambda row: kept(row, 0 if row.get("quality_excused") else int(row.get("failures", 0)), scope),
        "c": lambda row: kept(row, days_late(row, unit, precision), scope),
    }
    limit = Fraction(1) if rules["cap_level"] == "each_ratio" else None
    found = []
    for name, column in columns.items():
        rows = [row for row in case["lines"] if not row.get("extra") or name in rules["extra_components"]]
        ratio = sum((column(row) * points(row) / planned for row in rows), Fraction(0))
        found.append(ratio if limit is None else min(ratio, limit))
    return found


def leading(case):
    """d, đ, e of heads and deputies (art. 15.3)."""
    given = {name: number(percent) / 100 for name, percent in case.get("components", {}).items()}
    below = [None if one["total"] is None else number(one["total"]) for one in case.get("subordinates", [])]
    unscored = sum(total is None for total in below)
    scored = [total for total in below if total is not None]
    if "unit_result" in given:
        d = given["unit_result"]
    elif not scored or (unscored and case["rule_set"]["d_unscored"] == "block"):
        d = None
    else:
        d = Fraction(1, 2) if min(scored) < 50 else Fraction(1)
    return [d, given.get("implementation_ability"), given.get("unity_ability")]


def by_percents(case):
    """A support worker's three percents (Handbook III.5), from the column the rule set takes."""
    columns, source = case.get("support", {}), case["rule_set"]["gen_score_source"]
    order = {"self": ("self",), "superior": ("superior",), "superior_else_self": ("superior", "self")}[source]
    taken = next((columns[whose] for whose in order if whose in columns), None)
    return [None] * 3 if taken is None else [number(percent) / 100 for percent in taken]


def worked_share(case):
    """Share of the quarter's calendar days that was worked."""
    spans = case.get("worked", [])
    if not spans:
        return Fraction(1)
    year, quarter = int(case["period"][:4]), int(case["period"][6:])
    first = date(year, 3 * quarter - 2, 1)
    after = date(year + quarter // 4, 3 * quarter % 12 + 1, 1)
    days = sum((date.fromisoformat(to) - date.fromisoformat(start)).days + 1 for start, to in spans)
    return Fraction(days, (after - first).days)


def overlaid(level, case):
    """Local rules on the band (statistics office), each of which can only lower it."""
    rows = [row for row in case["lines"] if not row.get("extra")]
    planned = sum((points(row) * number(row["assigned"]) for row in rows), Fraction(0))
    done = sum((points(row) * number(row["completed"]) for row in rows), Fraction(0))
    short = any(number(row["completed"]) < number(row["assigned"]) and not row.get("late_excused") for row in rows)
    low = planned != 0 and done / planned < Fraction(7, 10)
    for rule in case["rule_set"]["local_overlays"]:
        if rule == "below_100_not_completed" and short:
            level = "not_completed"
        if rule == "unit_below_70_head_not_completed" and low and case["role"] == "head":
            level = "not_completed"
        if rule == "unit_below_70_deputy_not_excellent" and low and case["role"] == "deputy" and level == "excellent":
            level = "good"
    return level


def general(case):
    """Points of form 01 and whether people gave them; a form that lacks an item is none."""
    rules, forms = case["rule_set"], case.get("criteria", {})
    if "total" in forms:
        return number(forms["total"]), True
    wanted = {"self": ("self",), "superior": ("superior",), "superior_else_self": ("superior", "self")}
    for whose in wanted[rules["gen_score_source"]]:
        form = forms.get(whose) or {}
        if set(form) == set(FORM_01):
            return sum((number(points) for points in form.values()), Fraction(0)), True
    # An assumption is shown as one: the points stand in the sum, and the form is still to come (rules, section 3).
    return (Fraction(30) if rules["gen_assumption"] == "full" else None), False


def printed(value, digits, mode):
    if value is None:
        return None
    units, rest = divmod(value * 10**digits, 1)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or units % 2 == 1))
    text = str(int(units) + up).rjust(digits + 1, "0")
    return text if digits == 0 else f"{text[:-digits]}.{text[-digits:]}"


def whole(case):
    """R·70, general points and total of one period, with the parts of R and what is missing."""
    rules = case["rule_set"]
    support = case["role"] == "contract" and rules["support_model"] == "three_percents"
    parts = by_percents(case) if support else ratios(case)
    missing = [] if None not in parts else ["support_percents" if support else "assigned_tasks"]
    if case["role"] in ("head", "deputy"):
        names = ("unit_result", "implementation_ability", "unity_ability")
        more = leading(case)
        missing += [name for name, value in zip(names, more) if value is None]
        parts = parts + more
    result = None
    if None not in parts:
        result = sum(parts) / len(parts)
        if rules["cap_level"] == "criterion":
            result = min(result, Fraction(1))
    task = None if result is None else min(70 * result, Fraction(70))
    forms, entered = general(case)
    missing += [] if entered else ["general_criteria"]
    total = None if task is None or forms is None else task + forms
    if worked_share(case) < number(rules["min_worked_share"]):
        missing, total = missing + ["worked_share"], None
    return parts, result, task, forms, total, missing


def months_of(case):
    """A quarter by months: each line stands in the month it is due in, everything else in all three."""
    year, quarter = int(case["period"][:4]), int(case["period"][6:])
    for month in range(3 * quarter - 2, 3 * quarter + 1):
        name = f"{year}-{month:02}"
        lines = [row for row in case["lines"] if row.get("due", row.get("completed_on"))[:7] == name]
        yield f"{year}-M{month:02}", whole({**case, "lines": lines, "worked": []})


def mean(values):
    values = list(values)
    return None if None in values else sum(values, Fraction(0)) / len(values)


def calculate(case):
    rules, rounding = case["rule_set"], case["rule_set"]["rounding"]
    show = lambda value: printed(value, rounding["digits"], rounding["mode"])
    monthly = rules["quarter_method"] == "mean_of_months"
    if monthly:
        names, months = zip(*months_of(case))
        as_recorded = lambda value: None if value is None else Fraction(show(value))
        figure = as_recorded if rules["year_mean_of"] == "recorded" else lambda value: value
        parts = [mean(column) for column in zip(*(month[0] for month in months))]
        result = mean(month[1] for month in months)
        task, points_, total = (mean(figure(month[n]) for month in months) for n in (2, 3, 4))
        missing = [name for name, month in zip(names, months) if month[4] is None]
        if any(month[3] is not None and "general_criteria" in month[5] for month in months):
            missing.append("general_criteria")
    else:
        parts, result, task, points_, total, missing = whole(case)
    judged = Fraction(show(total)) if total is not None and rounding["classify_on"] == "printed" else total
    level = None if total is None else next(name for name, least in BANDS if least is None or judged >= least)
    if level is not None and not monthly:
        level = overlaid(level, case)
    exact = lambda value: None if value is None else f"{value.numerator}/{value.denominator}"
    percent = lambda value: None if value is None else printed(100 * value, 2, rounding["mode"])
    return {
        "parts": [exact(part) for part in parts],
        "printed_parts": [percent(part) for part in parts],
        "criterion": percent(result),
        "task_part": exact(task),
        "total": exact(total),
        "printed": [show(task), show(points_), show(total)],
        "level": level,
        "missing": missing,
    }


for text in sys.stdin:
    if text.strip():
        print(json.dumps(calculate(json.loads(text))), flush=True)
