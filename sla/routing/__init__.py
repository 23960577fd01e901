"""Which rep is offered a lead: capacity, territories, assignment and reassignment."""
