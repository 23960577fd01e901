"""Conditions in Japanese. Each has two forms: one that goes on (「…で、」), one that ends or stands before a noun."""

from __future__ import annotations

from collections.abc import Sequence

from leads.criteria.fields import Type
from leads.criteria.tree import All, Any_, Compare, Did, Node, Not
from leads.criteria.words import Speaker

# How the noun goes on, and the four endings: going on, ending, and both denied.
IS = ("で", "である", "でなく", "でない")
POSITIVE: dict[str, tuple[str, tuple[str, str, str, str]]] = {
    "=": ("が{v}", IS),
    "!=": ("が{v}以外", IS),
    "<": ("が{v}未満", IS),
    "<=": ("が{v}以下", IS),
    ">": ("が{v}を", ("上回り", "上回る", "上回らず", "上回らない")),
    ">=": ("が{v}以上", IS),
    "between": ("が{low}以上{high}以下", IS),
    "in": ("が{any}", IS),
    "not_in": ("が{any}以外", IS),
    "contains": ("に{v}を", ("含み", "含む", "含まず", "含まない")),
    "starts_with": ("が{v}で", ("始まり", "始まる", "始まらず", "始まらない")),
    "is_empty": ("が", ("未設定で", "未設定である", "設定されており", "設定されている")),
}
OF_DAYS = {
    "<": "が{v}より前",
    "<=": "が{v}以前",
    ">": "が{v}より後",
    ">=": "が{v}以降",
    "between": "が{low}から{high}まで",
}


class Japanese(Speaker):
    matches = "当てはまります"

    def quoted(self, text: str) -> str:
        return f"「{self.strong(text)}」"

    def sentence(self, node: Node, verdict: str) -> str:
        constant = self.constant(node)
        if constant is not None:
            return f"すべてのリードは{verdict}。" if constant else f"どのリードも対象になりません（{verdict}：なし）。"
        kept, left_out = self.apart(node)
        text = (
            f"{self.together(kept, ends=True, outermost=True)}リードは{verdict}。"
            if kept
            else f"すべてのリードは{verdict}。"
        )
        if left_out:
            cases = "、または".join(f"{self.clause(each, ends=True)}場合" for each in left_out)
            text += f"ただし、{cases}を除きます。"
        return text

    def leaf(self, node: Compare | Did) -> str:
        return self.clause(node, ends=True)

    def clause(self, node: Node, *, ends: bool, inside: bool = True, negated: bool = False) -> str:
        match node:
            case Not():
                return self.clause(node.child, ends=ends, inside=inside, negated=not negated)
            case Compare():
                return self.compared(node, ends, negated)
            case Did():
                return self.did(node, ends, negated)
            case All() | Any_() if len(node.children) == 1:
                return self.clause(node.children[0], ends=ends, inside=inside, negated=negated)
            case All():
                return self.all(node.children, ends, negated)
            case Any_():
                return self.any(node.children, ends, inside, negated)

    def all(self, children: Sequence[Node], ends: bool, negated: bool) -> str:
        if not children:
            return (
                ("何にも当てはまらない" if ends else "何にも当てはまらず")
                if negated
                else ("すべてである" if ends else "すべてで")
            )
        text = self.together(children, ends=True)
        if negated:
            return f"（{text}）ということは" + ("ない" if ends else "なく")
        return f"（{text}）" + ("という" if ends else "ということで")

    def any(self, children: Sequence[Node], ends: bool, inside: bool, negated: bool) -> str:
        if not children:
            return (
                ("すべてである" if ends else "すべてで")
                if negated
                else ("何にも当てはまらない" if ends else "何にも当てはまらず")
            )
        if negated:
            parts = "、".join(f"{self.in_a_list(child)}ことも" for child in children)
            return parts + ("ない" if ends else "なく")
        parts = "、".join(f"{self.in_a_list(child)}か" for child in children)
        return (f"（{parts}）" if inside else parts) + "のいずれかを" + ("満たす" if ends else "満たし")

    def in_a_list(self, child: Node) -> str:
        if isinstance(child, All) and len(child.children) > 1:
            return f"（{self.together(child.children, ends=True)}）"
        return self.clause(child, ends=True)

    def together(self, children: Sequence[Node], *, ends: bool, outermost: bool = False) -> str:
        *before, last = children
        alone = outermost and not before
        return "".join(f"{self.clause(child, ends=False)}、" for child in before) + self.clause(
            last, ends=ends, inside=not alone
        )

    def compared(self, node: Compare, ends: bool, negated: bool) -> str:
        form, endings = POSITIVE[node.op]
        if node.field.type is Type.DATE and node.op in OF_DAYS:
            form, endings = OF_DAYS[node.op], IS
        return self.noun(node.field) + self.filled(form, node) + endings[2 * negated + ends]

    def one_of(self, values: Sequence[str]) -> str:
        if len(values) < 3:
            return "または".join(values)
        return "、".join(values) + "のいずれか"

    def did(self, node: Did, ends: bool, negated: bool) -> str:
        least, most = node.at_least, node.at_most
        if negated:
            least, most = (None, (least or 1) - 1) if most is None else (most + 1, None)
        within = f"過去{self.strong(self.number(node.within_days))}日以内に" if node.within_days else ""
        where = self.clause(node.where, ends=True) if node.where else ""
        within += "、" if within and where else ""
        what = f"{within}{where}{self.kind(node.kind)}を"
        if most == 0:
            return what + ("行っていない" if ends else "行っておらず")
        if most is not None:
            return what + f"行った回数が{self.strong(self.number(most))}回以下" + IS[ends]
        times = f"{self.strong(self.number(least or 1))}回以上" if (least or 1) > 1 else ""
        return what + times + ("行った" if ends else "行い")
