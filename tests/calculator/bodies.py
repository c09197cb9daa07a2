"""Groups, organisations, receivers: the quota of Excellent (Decree 335/2025 art. 20.5, 8.5), an organisation's points and
level (art. 6-8), and until when a result must have been sent (art. 26.1.d).

Written from the articles. Where the decree asks for the most that fits, every number is tried; where something is not
known, every way it could be is tried, and a level follows only where all of them come to the same.
"""
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import product

GENERAL = ("general.1", "general.2", "general.3")
RESULTS = ("a", "b", "c", "d", "dd", "e", "g", "h")


def has_quota(period, rules):
    """Art. 20.5 speaks of the year; of other periods a body may decide."""
    return len(period) == 4 or rules["quota_on_quarters"]


def most(people, upper, rules):
    """The most that may be Excellent of `upper` people Good or better in a group."""
    percent = rules["quota_percent"]
    left_good = lambda excellent: upper - excellent if rules["quota_base"] == "good" else upper
    found = max(n for n in range(upper + 1) if 100 * n <= percent * left_good(n))
    # Elsewhere (Quảng Ninh) a group of fewer than five people may pick one.
    if rules["quota_small_group"] == "at_least_one" and people < 5 and upper:
        found = max(found, 1)
    return found


def of_group(everybody, members, rules):
    """Who of a group of so many is within, who shares the score at the border, who is beyond: score by score from the top of
    those who have one."""
    upper = sum(one["level"] in ("good", "excellent") for one in members)
    proposed = [one for one in members if one["level"] == "excellent"]
    allowed = most(everybody, upper, rules)
    within, tied, beyond = [], [], []
    for score in sorted({Fraction(one["score"]) for one in proposed}, reverse=True):
        names = sorted(one["person"] for one in proposed if Fraction(one["score"]) == score)
        free = allowed - len(within) - len(tied)
        (within if len(names) <= free else tied if free > 0 else beyond).extend(names)
    return {"people": everybody, "good_or_better": upper, "proposed": len(proposed), "allowed": allowed,
            "within": within, "tied": tied, "beyond": beyond}


def of_candidates(case):
    rules = case["rule_set"]
    return of_group(case["everybody"], case["candidates"], rules) if has_quota(case["period"], rules) else {"none": True}


def possible_level(total, tasks, facts):
    """The level of an organisation whose every fact is known, or why the decree has none for it (art. 8)."""
    if facts["wrongdoing"]:
        return "not_completed", None
    # Force majeure is weighed for the share of the programme alone: points below 50 are a ground of their own.
    if total is not None and total < 50:
        return "not_completed", None
    if not facts["seventy"]:
        return (None, "force_majeure") if facts["force_majeure"] else ("not_completed", None)
    if total is None:
        return None, "no_score"
    if total >= 90:
        fits = facts["in_order"] and facts["thirty"] and not facts["failed_below"] and facts["fixed"]
        return ("excellent", None) if fits else (None, "points_without_conditions")
    if total >= 70:
        return ("good", None) if facts["in_order"] else (None, "points_without_conditions")
    return ("completed", None) if facts["done"] and facts["few_late"] else (None, "points_without_conditions")


def of_organisation(case):
    table = {item: Fraction(points) for item, points in case["rule_set"]["organisation_points"].items()}
    given = {item: Fraction(points) for item, points in case["points"].items()}
    missing = [item for item in GENERAL + RESULTS if item not in given]
    wrong = sorted(item for item, points in given.items() if item not in table or not 0 <= points <= table[item])
    column = lambda items: sum((given[item] for item in items), Fraction(0))
    decided = bool(table) and not wrong
    general = column(GENERAL) if decided and not set(missing) & set(GENERAL) else None
    result = column(RESULTS) if decided and not set(missing) & set(RESULTS) else None
    total = None if general is None or result is None else general + result
    tasks = case["tasks"]
    of = lambda holds: Fraction(sum(map(holds, tasks)), len(tasks)) if tasks else None
    share = lambda holds, test: None if of(holds) is None else test(of(holds))
    # An unfinished task was not on time either.
    late = lambda task: task["late"] or not task["done"]
    below = case["subordinates"]
    failed_below = True if "not_completed" in below else None if None in below else False
    facts = {
        "in_order": share(lambda task: task["done"] and not task["late"] and not task["failed"], lambda part: part == 1),
        "thirty": share(lambda task: task["done"] and task["above"], lambda part: part >= Fraction(3, 10)),
        "done": share(lambda task: task["done"], lambda part: part == 1),
        "few_late": share(late, lambda part: part <= Fraction(1, 5)),
        "seventy": share(lambda task: task["done"], lambda part: part >= Fraction(7, 10)),
        "failed_below": failed_below, "fixed": case["defects_fixed"], "wrongdoing": case["wrongdoing"],
        "force_majeure": case["force_majeure"],
    }
    unknown = [name for name, value in facts.items() if value is None]
    ways = [dict(zip(unknown, way)) for way in product((True, False), repeat=len(unknown))]
    levels = {possible_level(total, tasks, {**facts, **way})[0] for way in ways}
    level, gap = (levels.pop(), None) if len(levels) == 1 else (None, "unknown")
    if level is None:
        # What is in the way even if everything unknown turned out well.
        well = {name: name not in ("failed_below", "wrongdoing") for name in unknown}
        gap = possible_level(total, tasks, {**facts, **well})[1] or "unknown"
    word = {True: "met", False: "not_met", None: "unknown"}
    against = lambda value: None if value is None else not value
    exact = lambda value: None if value is None else f"{value.numerator}/{value.denominator}"
    # Art. 8.5 names the base: those classified Good beside it.
    good, percent = case["good"], case["rule_set"]["quota_percent"]
    return {
        "general": exact(general), "result": exact(result), "total": exact(total), "missing": missing, "wrong": wrong,
        "level": level, "gap": gap, "most_excellent": max(n for n in range(good + 1) if 100 * n <= percent * good),
        "conditions": {
            "all_in_order": word[facts["in_order"]], "thirty_percent_above": word[facts["thirty"]],
            "no_subordinate_failed": word[against(failed_below)], "defects_fixed": word[facts["fixed"]],
            "all_done": word[facts["done"]], "few_late": word[facts["few_late"]],
            "no_wrongdoing": word[against(facts["wrongdoing"])], "seventy_percent_done": word[facts["seventy"]],
        },
    }


def of_deadlines(case):
    """The end of each limit: the day of the start, as it is in Gia Lai, is not counted, and the last day is whole."""
    begun = datetime.fromisoformat(case["start"].replace("Z", "+00:00")) + timedelta(hours=7)
    limits = []
    for rule in case["rule_set"]["sync_deadline"]:
        last, left = begun.date(), rule["days"]
        if rule["count"] == "calendar":
            last, left = last + timedelta(days=left), 0
        while left:
            last += timedelta(days=1)
            name = last.isoformat()
            left -= name not in case["holidays"] and (last.isoweekday() <= 5 or name in case["working_weekends"])
        # Midnight at its end in Gia Lai is seventeen hours of it in universal time.
        limits.append([f"{last.isoformat()}T17:00:00Z", rule["name"], rule["weight"]])
    limits.sort()
    legal = [limit for limit in limits if limit[2] == "deadline"] or limits
    return {"limits": limits, "binding": legal[0][1]}
