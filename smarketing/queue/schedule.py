"""What runs when, all in one place: each task by its name, and the seconds between two times that it is asked for.

The work itself is marked in the database, so a time that is missed loses nothing. What happens once a company day is
asked for often, and decides for itself whether the day has begun.
"""

SCHEDULE: dict[str, float] = {
    "sla.tasks.advance": 5,
    "sla.tasks.offer_waiting": 60,
    "sla.tasks.sweep_timers": 15,
    "teams.tasks.send_account_mails": 15,
    "integrations.tasks.deliver": 15,
    "sla.tasks.watch_proposal": 15,
    "sla.tasks.begin_day": 60,
    "scoring.tasks.preview": 60,
    "leads.tasks.run_imports": 15,
    "sla.tasks.fill_past": 60,
    "sla.tasks.compute_attainment": 60,
    "dashboards.tasks.refresh_reports": 60,
    "integrations.tasks.watch_disk": 60,
    "history.tasks.delete_expired": 3600,
}
