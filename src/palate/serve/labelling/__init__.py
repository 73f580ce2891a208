"""Labels on a page of this machine: forms that work without a script."""
