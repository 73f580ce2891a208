"""From a log and a stated graph to an effect, its refuters and a verdict."""
