"""How much the cards of the home page show."""

# Rows of a card.
SHOWN = 5
