"""The outside world: where people are told, and what was sent there."""

from integrations.chat.models import Channel, usual_in_a_team
from integrations.messages.models import Delivery

__all__ = ["Channel", "Delivery", "usual_in_a_team"]
