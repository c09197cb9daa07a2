"""Time worked, leave and discipline: what they make of a year's level (Decree 335/2025 art. 11, 20.4, 20.6).

Reckons with sets of days: a year is a set, a leave takes its days away, and what is left falls into runs. A convention
nobody wrote down in the decree is the length of a month: whole months of each run, thirty days left over are one more.
"""
from datetime import date, timedelta
from fractions import Fraction

LEVELS = ("not_completed", "completed", "good", "excellent")
# Art. 20.4: what makes somebody "not completed" whatever the score is; d is of leaders alone.
ARTICLES = {"degradation": "Đ20.4.b", "discipline": "Đ20.4.c", "corruption_below": "Đ20.4.d"}
LEAVES = ("unpaid_leave", "sick_leave", "maternity_leave")
# Art. 11.2 lifts the least months for these two; of unpaid leave it asks six months of work.
LIFTING = ("sick_leave", "maternity_leave")


def days_of(first, last, within):
    """Days from one to another, none = for ever, as far as they lie in a set."""
    start = date.fromisoformat(first).toordinal()
    end = date.fromisoformat(last).toordinal() if last else max(within)
    return within & set(range(start, end + 1))


def runs(days):
    """Days as runs without a hole."""
    found = []
    for one in sorted(days):
        if found and found[-1][1] == one - 1:
            found[-1][1] = one
        else:
            found.append([one, one])
    return [(date.fromordinal(first), date.fromordinal(last)) for first, last in found]


def months_later(start, count):
    """The same day of a later month, or that month's last."""
    months = start.year * 12 + start.month - 1 + count
    year, month = divmod(months, 12)
    for number in (start.day, 30, 29, 28):
        if number <= start.day:
            try:
                return date(year, month + 1, number)
            except ValueError:
                continue
    raise AssertionError("every month has 28 days")


def months(days):
    whole, rest = 0, 0
    for first, last in runs(days):
        end = last + timedelta(days=1)
        count = max(n for n in range(0, 13) if months_later(first, n) <= end)
        whole += count
        rest += (end - months_later(first, count)).days
    return whole + Fraction(rest, 30)


def worked_days(case, period_days):
    """Days with a post and without leave."""
    held = set()
    for first, last in case["posts"]:
        held |= days_of(first, last, period_days)
    for fact in case["facts"]:
        if fact["kind"] in LEAVES:
            held -= days_of(fact["from"], fact["to"], period_days)
    return held


def is_lifted(case, period_days, worked):
    """Whether leave lifts the six months: the decree's word asks for no least leave; `makes_up_six_months` does."""
    leave = set()
    for fact in case["facts"]:
        if fact["kind"] in LIFTING:
            leave |= days_of(fact["from"], fact["to"], period_days)
    if case["rule_set"].get("leave_exemption", "any_leave") == "any_leave":
        return bool(leave)
    return bool(leave) and months(worked | leave) >= 6


def counting_facts(case):
    """What counts in the year: each when it took effect, one act once, and in the first of its years (art. 11.3)."""
    leader = case["role"] in ("head", "deputy")
    facts = [fact for fact in case["facts"] if fact["kind"] in ARTICLES]
    facts = [fact for fact in facts if fact["kind"] != "corruption_below" or leader]
    used, counting = set(), []
    for fact in sorted(facts, key=lambda fact: fact["from"]):
        if fact["act"] is not None:
            if fact["act"] in used:
                continue
            used.add(fact["act"])
        if fact["from"][:4] == case["period"]:
            counting.append(fact)
    return counting


def ruled(case, level, period_days, worked):
    """Steps from a year's level to the one the law leaves of it, each with its article."""
    steps = []

    def step(article, to):
        nonlocal level
        steps.append([article, level, to])
        level = to

    for fact in counting_facts(case):
        step(ARTICLES[fact["kind"]], "not_completed")
    led = case["organisation"]
    if case["role"] == "head" and led is not None and LEVELS.index(led) < LEVELS.index(level):
        step("Đ20.6", led)
    if months(worked) < 6 and not is_lifted(case, period_days, worked):
        step("Đ11.1", None)
    return level, steps
