"""What a policy shows: probabilities over candidates, and lists that are drawn from them."""
