"""How far what happens now is from what the model learnt of."""
