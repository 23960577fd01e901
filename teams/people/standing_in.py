"""Who is notified in place of a person who left: nothing is told to somebody who cannot read it."""

from __future__ import annotations

from django.db import connection

from teams.models import Role, User

# Of several managers the one of the person's own team is first.
# The aliases shadow none of a statement that this stands in.
SQL = f"""(
    SELECT CASE
        WHEN stood_for.is_active THEN stood_for.id
        WHEN head_of_own.is_active THEN head_of_own.id
        ELSE (
            SELECT manager.id FROM teams_user manager
            WHERE manager.is_active AND '{Role.MANAGER.value}' = ANY (manager.roles)
            ORDER BY manager.team_id IS NOT DISTINCT FROM stood_for.team_id DESC, manager.id LIMIT 1
        )
    END
    FROM teams_user stood_for
    LEFT JOIN teams_team own_team ON own_team.id = stood_for.team_id
    LEFT JOIN teams_user head_of_own ON head_of_own.id = own_team.head_id
    WHERE stood_for.id = {{person}}
)"""


def stand_in_sql(person: str) -> str:
    """Whom to notify for a person: themselves; once deactivated the head of their team, and in place of a head a
    manager. An SQL expression over one that is an id; NULL: nobody is left."""
    return SQL.format(person=person)


def stand_in(person: User | None) -> User | None:
    """The same for one person; of nobody, nobody."""
    if person is None or person.is_active:
        return person
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {stand_in_sql('%s')}", [person.pk])
        (pk,) = cursor.fetchone()
    return User.objects.get_queryset().filter(pk=pk).first()
