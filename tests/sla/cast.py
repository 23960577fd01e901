"""Who plays in several stories of hand-offs."""

from teams.models import Role, Team
from tests import make


class SalesCast:
    """Hana heads sales, where Sam and Rosa sell; Gina manages."""

    def __init__(self) -> None:
        self.gina = make.user(Role.MANAGER, given_name="Gina", language="en")
        self.hana = make.user(Role.REP, given_name="Hana", language="en")
        self.sales = make.team(Team.Kind.SALES, head=self.hana)
        self.sam = make.user(Role.REP, given_name="Sam", team=self.sales, language="en")
        self.rosa = make.user(Role.REP, given_name="Rosa", team=self.sales, language="en")
