#!/usr/bin/env python3
"""Independent calculator of Decree 335/2025: one JSON case a line in, one JSON result a line out.

Written from the articles with Python's fractions. It thinks of a period as a table: each product is a row that says
which part of its points art. 14 keeps for quantity, quality and progress, and every ratio is a weighted sum of a
column. It shares no code, no data type and no order of steps with the program it checks. Input: the format of
`score case` with every switch of the rule set given; instead of `lines` there may be `tasks`, from which the rows of the
table follow, `recorded` months and quarters, of which a year is the mean (`service.py` has leave and discipline), or the
`people` of a department with their posts and tasks, of whom everyone is reckoned. `bodies.py` has quotas, organisations
and deadlines.
"""
import json
import sys
from datetime import date, timedelta
from fractions import Fraction

import bodies
import service

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


def points(row, case):
    """Points of one unit of the product: k, times the multiplier of the post (statistics office): the one told, or the
    rule set's for the post, else for the role. Whose role is not said is on the staff."""
    multiplier = row.get("multiplier")
    if multiplier is None and case["rule_set"]["leader_scope"] == "position_multiplier":
        table = case["rule_set"]["position_multipliers"]
        role = "staff" if row.get("of") else case["role"]
        multiplier = table.get(row.get("post"), table.get(role))
    return number(row["coefficient"]) * number(1 if multiplier is None else multiplier)


def counting(case):
    """The rows a, b, c are made of: one's own, and those of people in charge where they are pooled (art. 15.1)."""
    pooled = case["rule_set"]["leader_scope"] == "pooled_subordinates"
    return [row for row in case["lines"] if pooled or not row.get("of")]


def kept(row, times, scope):
    """Quantity whose points remain after `times` deductions of a quarter (art. 14.2.b, c)."""
    done = number(row["completed"])
    lost = Fraction(min(times, 4), 4) * done if scope == "line" else Fraction(times, 4)
    return done - min(lost, done)


def ratios(case):
    rules = case["rule_set"]
    scope, unit, precision = rules["deduction_scope"], rules["late_unit"], rules["due_precision"]
    planned = sum(
        (points(row, case) * number(row["assigned"])
         for row in counting(case) if rules["extra_in_denominator"] or not row.get("extra")),
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
        rows = [row for row in counting(case) if not row.get("extra") or name in rules["extra_components"]]
        ratio = sum((column(row) * points(row, case) / planned for row in rows), Fraction(0))
        found.append(ratio if limit is None else min(ratio, limit))
    return found


def leading(case):
    """d, đ, e of heads and deputies (art. 15.3). d is the scorer's word where nobody is led (art. 15.4)."""
    given = {name: number(percent) / 100 for name, percent in case.get("components", {}).items()}
    below = [None if one["total"] is None else number(one["total"]) for one in case.get("subordinates", [])]
    unscored = sum(total is None for total in below)
    scored = [total for total in below if total is not None]
    if not below:
        d = given.get("unit_result")
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
    # The unit: one's own rows and those of everyone in charge, whatever a, b, c are made of.
    planned = sum((points(row, case) * number(row["assigned"]) for row in rows), Fraction(0))
    done = sum((points(row, case) * number(row["completed"]) for row in rows), Fraction(0))
    # What was reported and given to somebody else is theirs to complete (art. 18.1.d).
    owed = [row for row in rows if not any(row.get(key) for key in ("late_excused", "handed_over", "of"))]
    short = any(number(row["completed"]) < number(row["assigned"]) for row in owed)
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


def impossible(case):
    """Whether something was entered that the form or the rule set does not allow (form 01; art. 15.3)."""
    rules, forms = case["rule_set"], case.get("criteria", {})
    step = number(rules["gen_step"])
    for whose in () if "total" in forms else ("self", "superior"):
        for item, given in (forms.get(whose) or {}).items():
            given = number(given)
            if item not in FORM_01 or not 0 <= given <= number(FORM_01[item]) or given % step:
                return True
    percents = [number(percent) for percent in case.get("components", {}).values()]
    if rules["leader_levels"] == "any_50_to_100":
        return any(not 50 <= percent <= 100 for percent in percents)
    return any(percent not in (50, 100) for percent in percents)


def day(text):
    return date.fromisoformat(text)


def bounds(period):
    """First and last day of a month or quarter."""
    year = int(period[:4])
    first, months = (int(period[6:]), 1) if period[5] == "M" else (3 * int(period[6:]) - 2, 3)
    after = first + months
    start = date(year, first, 1)
    return start, date(year + (after > 12), after - 12 if after > 12 else after, 1) - timedelta(days=1)


def due_day(task, rules):
    """The due day that counts: an extension holds from the day it was granted, and not once the old day had passed."""
    if task["due"] is None or "moved" not in task:
        return task["due"]
    granted, later = task["moved"]
    return later if rules["due_date_rule"] == "latest" or granted <= task["due"] else task["due"]


def home(task, rules):
    """The day by which a task belongs to its period (art. 18.1)."""
    by_assignment = rules["period_membership"] == "assigned_in_period"
    return task["assigned"] if by_assignment else due_day(task, rules) or task["assigned"]


def finished(task, rules):
    """The day a task counts as finished, whenever that was; none while it does not."""
    accepted = task["status"] == "done" or (task["status"] == "refused" and rules["rejected_counts_as_completed"])
    if not accepted:
        return None
    by_submission = rules["completion_event"] == "submitted" and task.get("submitted")
    return task["submitted"] if by_submission else task["completed"]


def worth(task, rules):
    """k of a task, or why it has none: of a product no catalog has yet (art. 13.3; plan IV.2.3) it is what the rule set
    lets stand in for it, and nothing where nobody named that."""
    product = task.get("product", "approved")
    if product == "approved":
        return task["k"]
    if product != "pending":
        return {"none": "unmapped", "outside": "outside_catalog"}[product]
    stands_in = {"park": None, "provisional": task["provisional"], "catch_all": task["catch_all"]}
    return stands_in[rules["pending_coefficient_policy"]] or "pending_coefficient"


def in_full(case):
    """Whether the view of a period shows all its tasks: once it is over, before that as the rule set says."""
    return day(case["today"]) > bounds(case["period"])[1] or case["rule_set"]["provisional_view"] == "full_period"


def row_of(task, case):
    """What a task adds to the table, or why it adds nothing (section 8b)."""
    rules, as_of = case["rule_set"], case["as_of"]
    if task.get("gone") and rules["gone_policy"] == "exclude_and_list":
        return "gone"
    if task["status"] == "cancelled" and not rules["cancelled_in_denominator"]:
        return "cancelled"
    k = worth(task, rules)
    if k in ("unmapped", "outside_catalog", "pending_coefficient"):
        return k
    due, end = due_day(task, rules), finished(task, rules)
    end = end if end is not None and end <= as_of else None
    if case["to_date"] and end is None and (due is None or due > as_of):
        return "not_due_yet"
    given = number(task.get("quantity") or 1)
    told = task.get("told", {})
    done = given if end is not None else Fraction(0)
    if "quantity" in told:
        part, at = told["quantity"]
        whole_since = end is not None and task["completed"] > at
        if not whole_since and rules["partial_completion"] == "confirmed_fraction":
            done = min(number(part), given)
    if task.get("handed_over"):
        done = Fraction(0)
    failures = told.get("failures", task["returned"] if rules["quality_counted"] == "automatic" else 0)
    row = {"coefficient": k, "assigned": given, "completed": done, "failures": failures, "late": 0,
           "extra": task.get("taken_over", False) or task.get("unplanned", False),
           "quality_excused": told.get("quality_excused", False), "late_excused": told.get("late_excused", False),
           "handed_over": task.get("handed_over", False), "end": end}
    by = end or (as_of if done else None)
    counts = told.get("late", rules["late_counted"] == "automatic") and not told.get("late_excused")
    if due is not None and by is not None and counts:
        row["late"] = days_late({"due": due, "completed_on": by}, rules["late_unit"], "day")
    if task.get("handed_over"):
        row["late"] = row["failures"] = 0
    return row


def carried(task, case):
    """A task of an earlier period that was finished in this one: on top, less what counted before (`carry_over`)."""
    first, last = bounds(case["period"])
    row = row_of(task, {**case, "to_date": False})
    if isinstance(row, str) or row["end"] is None or not first <= day(row["end"]) <= last:
        return None
    before = number(task.get("counted_before", 0))
    if before:
        row["completed"] = row["assigned"] = max(row["completed"] - before, Fraction(0))
    return {**row, "extra": True} if row["completed"] else None


def single(task, case):
    """The row of a task in the period, or the reason it has none; none where it is not of this period."""
    first, last = bounds(case["period"])
    own = day(home(task, case["rule_set"]))
    if first <= own <= last:
        return row_of(task, case)
    over = case["rule_set"]["carry_over"] == "completed_as_extra" and own < first
    return carried(task, case) if over else None


def portion(task, parts, within, at_home, case):
    """How much of a product is whose (art. 18.1.c), or why none of it is."""
    given = sum((number(part["share"]) for part in parts if part["share"] is not None), Fraction(0))
    helpers = sum(part["share"] is None for part in parts)
    left = max(1 - given, Fraction(0))
    # Shares of helpers have six decimals at most and never exceed what is left.
    each = min(number(case["rule_set"]["support_share"]), Fraction(int(left / max(helpers, 1) * 10**6), 10**6))
    mine = [part for part in within if part["person"] == case["person"]]
    if mine:
        share = sum((each if part["share"] is None else number(part["share"]) for part in mine), Fraction(0))
        return share or "support_without_share"
    if any(part["person"] == case["person"] for part in parts):
        return "shared_by_others"
    everyones = (part["share"] for part in within if part["person"] is None and part["share"] is not None)
    share = sum((number(text) for text in everyones), Fraction(0))
    if at_home and helpers:
        share += left - each * helpers
    named = any(part["person"] is not None for part in within)
    return share or ("shared_by_others" if named else "no_share_in_period")


def shared(task, case):
    """The row of a product that people or quarters share."""
    rules, parts = case["rule_set"], task["shares"]
    first, last = bounds(case["period"])
    by_quarters = rules["period_membership"] == "share_allocated" and any(part["period"] for part in parts)
    at_home = not by_quarters or first <= day(home(task, rules)) <= last
    in_time = lambda part: first <= bounds(part["period"])[1] <= last if by_quarters and part["period"] else at_home
    within = [part for part in parts if in_time(part)]
    if not within and not (at_home and any(part["share"] is None for part in parts)):
        return None
    if by_quarters and any(part["period"] for part in within):
        due = due_day(task, rules)
        due = due if due is not None and first <= day(due) <= last else last.isoformat()
        task = {**{key: value for key, value in task.items() if key != "moved"}, "due": due}
    row = single(task, case)
    if row is None or isinstance(row, str):
        return row
    share = portion(task, parts, within, at_home, case)
    if isinstance(share, str):
        # Who gave it away keeps it as assigned (art. 18.1.d).
        return row if task.get("handed_over") else share
    return {**row, "coefficient": number(row["coefficient"]) * share}


def table_of(case):
    """The rows that follow from tasks, and the reasons of those that follow from none."""
    found = [(shared if task.get("shares") else single)(task, case) for task in case["tasks"]]
    return [row for row in found if isinstance(row, dict)], sorted(row for row in found if isinstance(row, str))


def of_year(case):
    """A year or half of one as the mean of what is recorded (art. 17.3), with the rules on the levels of its quarters."""
    rules, rounding = case["rule_set"], case["rule_set"]["rounding"]
    show = lambda value: printed(value, rounding["digits"], rounding["mode"])
    # Levels are read from what is printed, or from what is behind it, where that is known.
    read = lambda exact, text: number(text) if rounding["classify_on"] == "printed" else exact
    band = lambda value: next(name for name, least in BANDS if least is None or value >= least)
    unrounded = lambda part: number(part.get("exact") or part["score"])
    taken = lambda part: unrounded(part) if rules["year_mean_of"] == "exact" else number(part["score"])
    parts = case["recorded"]
    period_days = set()
    for quarter in ("Q1", "Q2", "Q3", "Q4") if len(case["period"]) == 4 else ("Q1", "Q2"):
        first, last = bounds(f"{case['period'][:4]}-{quarter}")
        period_days |= set(range(first.toordinal(), last.toordinal() + 1))
    worked = service.worked_days(case, period_days)
    if not worked:
        return {"worked": None}
    spans = [] if worked == period_days else [[str(first), str(last)] for first, last in service.runs(worked)]
    if not parts or case["absent"]:
        # Never the mean of those that are there while one that ended is not (art. 17.3).
        missing = case["absent"] if parts else ["recorded_quarters"]
        return {"worked": spans, "total": None, "printed": None, "level": None, "ruled": [], "missing": missing}
    total = mean(taken(part) for part in parts)
    level = band(read(total, show(total)))
    quarters = []
    for number_ in range(1, 5):
        name = f"{case['period'][:4]}-Q{number_}"
        names = [f"{case['period'][:4]}-M{month:02}" for month in range(3 * number_ - 2, 3 * number_ + 1)]
        whole_, months = ([part for part in parts if part["period"] in wanted] for wanted in ([name], names))
        if whole_:
            part = whole_[0]
            quarters.append((number_, part.get("level") or band(read(unrounded(part), part["score"]))))
        elif months:
            average = mean(taken(part) for part in months)
            quarters.append((number_, band(read(average, show(average)))))
    levels = [of for _, of in quarters]
    count = levels.count
    ruled = []
    for rule in rules["local_overlays"]:
        to = None
        if rule == "quarter_not_completed_no_excellent_year" and count("not_completed"):
            to = "good" if level == "excellent" else level
        if rule == "two_quarters_not_completed_consider_replacement":
            pairs = zip(quarters, quarters[1:])
            in_a_row = lambda one, two: two[0] == one[0] + 1 and one[1] == two[1] == "not_completed"
            to = level if any(in_a_row(*pair) for pair in pairs) else None
        if rule == "year_from_quarter_levels" and quarters:
            failed = count("not_completed")
            to = "completed"
            if failed >= 2:
                to = "not_completed"
            elif count("excellent") >= 2 and not failed:
                to = "excellent"
            elif count("completed") <= 2 and failed <= 1:
                to = "good"
        if to is not None:
            ruled.append([rule, level, to])
            level = to
    told = {"worked": spans, "total": f"{total.numerator}/{total.denominator}", "printed": show(total), "missing": []}
    if len(case["period"]) > 4:
        # Half a year is not classified (art. 19.1): its band alone.
        return {**told, "level": band(read(total, show(total))), "ruled": []}
    level, more = service.ruled(case, level, period_days, worked)
    return {**told, "level": level, "ruled": ruled + more}


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


class Department:
    """Who answers for whom in a quarter (art. 15.3, 15.4; plan IV.1), and what everyone comes to.

    It stands on days: for each person a list of stays, each in one unit with one role, and for each leader the stays in
    which something was theirs."""

    def __init__(self, case):
        self.case, self.rules, self.people = case, case["rule_set"], case["people"]
        self.first, self.last = bounds(case["period"])
        self.known = {}
        self.held = {name: self.cut_to_quarter(name) for name in self.people}

    def admits(self, stay):
        """Whether a post is evaluated: civil servants always are, the others as the rule set says. The People's Committee
        of the province is outside the decree (art. 2.3); chairs of communes the plan lists (IV.1.1.a)."""
        who, kind = self.rules["population_filter"], self.case.get("kinds", {}).get(stay["unit"])
        leads = stay["role"] in ("head", "deputy")
        group = {"contract": "contract_workers", "administrator": "administrators"}.get(stay["role"])
        group = {"province": "province_leaders", "commune": "commune_leaders"}.get(kind) if leads else group
        return group is None or who.get(group, False)

    def is_evaluated(self, name):
        return self.admits(self.stays(name)[-1])

    def stays(self, name):
        """Posts held in the quarter, in order."""
        return self.held[name]

    def cut_to_quarter(self, name):
        cut = [{**post, "from": max(day(post["from"]), self.first), "to": min(day(post["to"] or "9999-01-01"), self.last)}
               for post in self.people[name]["posts"]]
        return sorted((stay for stay in cut if stay["from"] <= stay["to"]), key=lambda stay: stay["from"])

    def within(self, unit, top):
        while unit is not None and unit != top:
            unit = self.case["units"][unit]
        return unit == top

    def mine(self, lead, name, stay):
        """Whether a stay of somebody lies in what a leading stay answers for: a unit with everything below it, or a name.
        No deputy answers for the head of the unit they sit in."""
        over = [lead["unit"]] if lead["role"] == "head" else lead["leads"]
        above = lead["role"] == "deputy" and stay["role"] == "head" and stay["unit"] == lead["unit"]
        in_unit = any(top in self.case["units"] and self.within(stay["unit"], top) for top in over)
        return name in over or (in_unit and not above)

    def charge(self, leader):
        """Everyone a leader answers for, with the days."""
        found = {}
        for name in self.people:
            if name == leader:
                continue
            if self.rules["transfer_policy"] == "unit_at_end":
                if self.is_evaluated(name) and self.mine(self.stays(leader)[-1], name, self.stays(name)[-1]):
                    found[name] = [(self.first, self.last)]
                continue
            for lead in self.stays(leader):
                if lead["role"] not in ("head", "deputy"):
                    continue
                for stay in filter(self.admits, self.stays(name)):
                    start, end = max(lead["from"], stay["from"]), min(lead["to"], stay["to"])
                    if start <= end and self.mine(lead, name, stay):
                        found.setdefault(name, []).append((start, end))
        return found

    def looked_at(self, leader):
        """Whose totals make d: everyone at the quarter's end, or those directly below: the people of the units led, the
        heads of the units right under them, and whoever is in charge by name."""
        lead = self.stays(leader)[-1]
        over = [lead["unit"]] if lead["role"] == "head" else lead["leads"]
        for name in self.people:
            stay = self.stays(name)[-1]
            if name == leader or not self.admits(stay) or not self.mine(lead, name, stay):
                continue
            right_under = stay["role"] == "head" and self.case["units"][stay["unit"]] in over
            if self.rules["d_population"] == "whole_subtree" or name in over or stay["unit"] in over or right_under:
                yield name

    def coefficient(self, task):
        """k of the assignment, or of the newest catalog in force on the quarter's first day that has the product."""
        begun = [one for one in self.case["catalogs"] if day(one["valid_from"]) <= self.first]
        if self.rules["coefficient_freeze"] == "at_assignment" or not begun:
            return task["k"]
        newest = max(begun, key=lambda one: one["valid_from"])
        return newest["products"].get(task["product"], task["k"])

    def rows(self, name, spans, of):
        for task in self.people[name]["tasks"]:
            if any(start <= day(task["due"]) <= end for start, end in spans):
                row = {"coefficient": self.coefficient(task), "assigned": "1", "completed": "1" if task["done"] else "0",
                       "due": task["due"]}
                yield {**row, **({"completed_on": task["done"]} if task["done"] else {}), **({"of": of} if of else {})}

    def of(self, name):
        if name not in self.known:
            role, entered = self.stays(name)[-1]["role"], self.people[name]
            lines = list(self.rows(name, [(self.first, self.last)], None))
            below = []
            if role in ("head", "deputy"):
                for other, spans in self.charge(name).items():
                    lines += self.rows(other, spans, other)
                below = [{"person": other, "total": self.of(other)["total"]} for other in self.looked_at(name)]
            self.known[name] = calculate({
                "period": self.case["period"], "role": role, "rule_set": self.rules, "lines": lines,
                "criteria": {"total": entered["criteria"]}, "components": entered["components"], "subordinates": below,
            })
        return self.known[name]


    def quota(self):
        """The quota of everybody with a level among all who are evaluated, by agency and role: a department is one agency."""
        if not bodies.has_quota(self.case["period"], self.rules):
            return None
        groups, everybody = {}, {}
        for name in self.people:
            found, role = self.of(name), self.stays(name)[-1]["role"]
            everybody[role] = everybody.get(role, 0) + self.is_evaluated(name)
            if found["level"] is not None:
                person = {"person": name, "score": found["total"], "level": found["level"]}
                groups.setdefault(role, []).append(person)
        of_role = lambda role: bodies.of_group(everybody[role], groups[role], self.rules)
        return [{"group": role, **of_role(role)} for role in sorted(groups)]

    def population(self):
        """Who is evaluated, and of each leader whose results make d and who is answered for, with the days."""
        whole = {}
        for name in self.people:
            whole[name] = {"evaluated": self.is_evaluated(name)}
            if self.stays(name)[-1]["role"] in ("head", "deputy"):
                charge = {other: sorted([str(start), str(end)] for start, end in spans)
                          for other, spans in self.charge(name).items()}
                whole[name].update(looked_at=sorted(self.looked_at(name)), charge=charge)
        return whole


def calculate(case):
    if "candidates" in case:
        return bodies.of_candidates(case)
    if "subordinates" in case and "points" in case:
        return bodies.of_organisation(case)
    if "start" in case:
        return bodies.of_deadlines(case)
    if "kinds" in case:
        return Department(case).population()
    if "people" in case:
        department = Department(case)
        return {"people": {name: department.of(name) for name in case["people"]}, "quota": department.quota()}
    if "recorded" in case:
        return of_year(case)
    if impossible(case):
        return {"impossible": True}
    excluded = []
    if "tasks" in case:
        case = {**case, "as_of": min(case["today"], bounds(case["period"])[1].isoformat()), "to_date": not in_full(case)}
        lines, excluded = table_of(case)
        case = {**case, "lines": lines}
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
        "excluded": excluded,
    }


for text in sys.stdin:
    if text.strip():
        print(json.dumps(calculate(json.loads(text))), flush=True)
