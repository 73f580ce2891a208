"""Features that operators make of fields and behaviour: the menu, and what each one computes."""
