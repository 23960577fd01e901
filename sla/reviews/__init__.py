"""The reviews of the agreement that both sides hold."""
