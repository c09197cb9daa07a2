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


def days_late(row, unit):
    """How often the product was late (art. 14.2.c): told, or counted over the days after the due day."""
    if row.get("late_excused"):
        return 0
    if "due" not in row or "completed_on" not in row:
        return int(row.get("late", 0))
    due, done = (date.fromisoformat(row[key]) for key in ("due", "completed_on"))
    after = [due + timedelta(days=n) for n in range(1, (done - due).days + 1)]
    if unit == "working_day":
        after = [day for day in after if day.isoweekday() <= 5]
    return min(len(after), 1) if unit == "occurrence" and after else len(after)


def kept(row, times, scope):
    """Quantity whose points remain after `times` deductions of a quarter (art. 14.2.b, c)."""
    done = number(row["completed"])
    lost = Fraction(min(times, 4), 4) * done if scope == "line" else Fraction(times, 4)
    return done - min(lost, done)


def ratios(case):
    rules = case["rule_set"]
    scope, unit = rules["deduction_scope"], rules["late_unit"]
    planned = sum(
        (number(row["coefficient"]) * number(row["assigned"])
         for row in case["lines"] if rules["extra_in_denominator"] or not row.get("extra")),
        Fraction(0),
    )
    if planned == 0:
        stands_for = {"not_computable": None, "zero": Fraction(0), "full": Fraction(1)}
        return [stands_for[rules["zero_den_policy"]]] * 3
    columns = {
        "a": lambda row: number(row["completed"]),
        "b": lambda row: kept(row, 0 if row.get("quality_excused") else int(row.get("failures", 0)), scope),
        "c": lambda row: kept(row, days_late(row, unit), scope),
    }
    limit = Fraction(1) if rules["cap_level"] == "each_ratio" else None
    found = []
    for name, column in columns.items():
        rows = [row for row in case["lines"] if not row.get("extra") or name in rules["extra_components"]]
        ratio = sum((column(row) * number(row["coefficient"]) / planned for row in rows), Fraction(0))
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


def general(case):
    """Points of form 01; a form that lacks an item is none."""
    rules, forms = case["rule_set"], case.get("criteria", {})
    if "total" in forms:
        return number(forms["total"])
    wanted = {"self": ("self",), "superior": ("superior",), "superior_else_self": ("superior", "self")}
    for whose in wanted[rules["gen_score_source"]]:
        form = forms.get(whose) or {}
        if set(form) == set(FORM_01):
            return sum((number(points) for points in form.values()), Fraction(0))
    return Fraction(30) if rules["gen_assumption"] == "full" else None


def printed(value, digits, mode):
    if value is None:
        return None
    units, rest = divmod(value * 10**digits, 1)
    up = rest > Fraction(1, 2) or (rest == Fraction(1, 2) and (mode == "half_up" or units % 2 == 1))
    text = str(int(units) + up).rjust(digits + 1, "0")
    return text if digits == 0 else f"{text[:-digits]}.{text[-digits:]}"


def calculate(case):
    rules, rounding = case["rule_set"], case["rule_set"]["rounding"]
    parts = ratios(case)
    missing = ["assigned_tasks"] if None in parts else []
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
    points = general(case)
    missing += ["general_criteria"] if points is None else []
    total = None if task is None or points is None else task + points
    show = lambda value: printed(value, rounding["digits"], rounding["mode"])
    judged = Fraction(show(total)) if total is not None and rounding["classify_on"] == "printed" else total
    level = None if total is None else next(name for name, least in BANDS if least is None or judged >= least)
    exact = lambda value: None if value is None else f"{value.numerator}/{value.denominator}"
    percent = lambda value: None if value is None else printed(100 * value, 2, rounding["mode"])
    return {
        "parts": [exact(part) for part in parts],
        "printed_parts": [percent(part) for part in parts],
        "criterion": percent(result),
        "task_part": exact(task),
        "total": exact(total),
        "printed": [show(task), show(points), show(total)],
        "level": level,
        "missing": missing,
    }


for text in sys.stdin:
    if text.strip():
        print(json.dumps(calculate(json.loads(text))), flush=True)
