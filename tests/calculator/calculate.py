#!/usr/bin/env python3
"""Independent calculator of Decree 335/2025: one JSON case a line in, one JSON result a line out.

Written from the text of the rules with Python's fractions; it shares no code and no data type with the
program it checks. Input: the format of `score case` with every switch of the rule set given.
"""
import json
import sys
from datetime import date, timedelta
from fractions import Fraction


def late_count(line, unit):
    if line.get("late_excused"):
        return 0
    if "due" in line and "completed_on" in line:
        due, done = date.fromisoformat(line["due"]), date.fromisoformat(line["completed_on"])
        if done <= due:
            return 0
        if unit == "occurrence":
            return 1
        days = (done - due).days
        if unit == "calendar_day":
            return days
        return sum(1 for n in range(1, days + 1) if (due + timedelta(days=n)).weekday() < 5)
    return int(line.get("late", 0))


def after_deductions(completed, counts, scope):
    if scope == "line":
        return completed * max(Fraction(0), 1 - Fraction(counts, 4))
    return max(Fraction(0), completed - Fraction(counts, 4))


def calculate(case):
    rules = case["rule_set"]
    den, num = Fraction(0), {"a": Fraction(0), "b": Fraction(0), "c": Fraction(0)}
    for line in case["lines"]:
        k, assigned, done = (Fraction(str(line[f])) for f in ("coefficient", "assigned", "completed"))
        extra = line.get("extra", False)
        if not extra or rules["extra_in_denominator"]:
            den += k * assigned
        failures = 0 if line.get("quality_excused") else int(line.get("failures", 0))
        parts = {
            "a": done,
            "b": after_deductions(done, failures, rules["deduction_scope"]),
            "c": after_deductions(done, late_count(line, rules["late_unit"]), rules["deduction_scope"]),
        }
        for name, value in parts.items():
            if not extra or name in rules["extra_components"]:
                num[name] += k * value
    values = []
    for name in "abc":
        if den == 0:
            values.append({"not_computable": None, "zero": Fraction(0), "full": Fraction(1)}[rules["zero_den_policy"]])
        else:
            ratio = num[name] / den
            values.append(min(ratio, Fraction(1)) if rules["cap_level"] == "each_ratio" else ratio)
    if case["role"] in ("head", "deputy"):
        totals = [s["total"] for s in case.get("subordinates", [])]
        known = [Fraction(t) for t in totals if t is not None]
        blocked = rules["d_unscored"] == "block" and None in totals
        values.append(None if blocked or not known else Fraction(1) if all(t >= 50 for t in known) else Fraction(1, 2))
        for name in ("implementation_ability", "unity_ability"):
            value = case.get("components", {}).get(name)
            values.append(None if value is None else Fraction(value) / 100)
    if any(v is None for v in values):
        task = None
    else:
        r = sum(values) / len(values)
        if rules["cap_level"] == "criterion":
            r = min(r, Fraction(1))
        task = min(r * 70, Fraction(70))
    general = case.get("criteria", {}).get("total")
    if general is None and rules["gen_assumption"] == "full":
        general = "30"
    total = None if task is None or general is None else task + Fraction(str(general))
    level = None
    if total is not None:
        level = next(n for n, t in (("excellent", 90), ("good", 70), ("completed", 50), ("not_completed", -1)) if total >= t)
    show = lambda v: None if v is None else f"{v.numerator}/{v.denominator}"
    return {"task_part": show(task), "total": show(total), "level": level, "parts": [show(v) for v in values]}


for text in sys.stdin:
    if text.strip():
        print(json.dumps(calculate(json.loads(text))), flush=True)
