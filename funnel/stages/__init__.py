"""The stages of the shared funnel, and the reasons why things end as they do."""
