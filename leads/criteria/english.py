"""Conditions in English."""

from __future__ import annotations

from collections.abc import Sequence

from leads.criteria.fields import Type
from leads.criteria.tree import All, Any_, Compare, Did, Node, Not
from leads.criteria.words import Speaker

POSITIVE = {
    "=": "is {v}",
    "!=": "is other than {v}",
    "<": "is below {v}",
    "<=": "is {v} or less",
    ">": "is above {v}",
    ">=": "is {v} or more",
    "between": "is between {low} and {high}",
    "in": "is {any}",
    "not_in": "is other than {any}",
    "contains": "contains {v}",
    "starts_with": "begins with {v}",
    "is_empty": "is empty",
}
OF_DAYS = {"<": "is before {v}", "<=": "is {v} or earlier", ">": "is after {v}", ">=": "is {v} or later"}
EVERY = "Every lead {verdict}"
NO = "No lead {verdict}"


class English(Speaker):
    matches = "matches"

    def quoted(self, text: str) -> str:
        return self.strong(f"“{text}”")

    def sentence(self, node: Node, verdict: str) -> str:
        constant = self.constant(node)
        if constant is not None:
            return (EVERY if constant else NO).replace("{verdict}", verdict) + "."
        kept, left_out = self.apart(node)
        opening = EVERY if not kept else "A lead {verdict} when " + self.together(kept, outermost=True)
        text = opening.replace("{verdict}", verdict)
        if left_out:
            text += ", unless " + " or ".join(self.clause(each, inside=len(left_out) > 1) for each in left_out)
        return text + "."

    def leaf(self, node: Compare | Did) -> str:
        text = self.clause(node)
        return text[:1].upper() + text[1:]

    def clause(self, node: Node, *, inside: bool = False, negated: bool = False) -> str:
        match node:
            case Not():
                return self.clause(node.child, inside=inside, negated=not negated)
            case Compare():
                return self.compared(node, negated)
            case Did():
                return self.did(node, negated)
            case All() | Any_() if len(node.children) == 1:
                return self.clause(node.children[0], inside=inside, negated=negated)
            case All():
                return self.all(node.children, inside, negated)
            case Any_():
                return self.any(node.children, inside, negated)

    def all(self, children: Sequence[Node], inside: bool, negated: bool) -> str:
        if not children:
            return "nothing at all" if negated else "anything"
        if negated:
            return f"not all of ({self.together(children)})"
        return f"({self.together(children)})" if inside else self.together(children)

    def any(self, children: Sequence[Node], inside: bool, negated: bool) -> str:
        if not children:
            return "anything" if negated else "nothing at all"
        parts = [self.clause(child, inside=True) for child in children]
        text = ("neither " if negated else "either ") + (" nor " if negated else " or ").join(parts)
        return f"({text})" if inside else text

    def together(self, children: Sequence[Node], outermost: bool = False) -> str:
        last = len(children) - 1
        parts = [self.clause(child, inside=not (outermost and n == last)) for n, child in enumerate(children)]
        if len(parts) < 3:
            return " and ".join(parts)
        return ", ".join(parts[:-1]) + ", and " + parts[-1]

    def compared(self, node: Compare, negated: bool) -> str:
        form = POSITIVE[node.op]
        if node.field.type is Type.DATE:
            form = OF_DAYS.get(node.op, form)
        if negated:
            form = negative(form)
        return f"{self.noun(node.field)} {self.filled(form, node)}"

    def one_of(self, values: Sequence[str]) -> str:
        return " or ".join(filter(None, (", ".join(values[:-1]), values[-1])))

    def did(self, node: Did, negated: bool) -> str:
        kind, times = self.kind(node.kind), ""
        least, most = node.at_least, node.at_most
        if negated:
            least, most = (None, (least or 1) - 1) if most is None else (most + 1, None)
        if most == 0:
            verb = "did not do"
        else:
            verb = "did"
            if most is not None:
                times = f" at most {self.times(most)}"
            elif (least or 1) > 1:
                times = f" at least {self.times(least or 1)}"
        where = f" ({self.clause(node.where)})" if node.where else ""
        days = node.within_days
        within = f" in the last {self.strong(self.number(days))} {'day' if days == 1 else 'days'}" if days else ""
        return f"it {verb} {kind}{where}{times}{within}"

    def times(self, n: int) -> str:
        return self.strong({1: "once", 2: "twice"}.get(n, f"{self.number(n)} times"))


def negative(form: str) -> str:
    verb, _, rest = form.partition(" ")
    if verb == "is":
        return f"is not {rest}"
    return {"contains": "does not contain", "begins": "does not begin"}[verb] + f" {rest}"
