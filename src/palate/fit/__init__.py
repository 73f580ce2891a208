"""From a recipe and a training part to fitted blocks, user encoders and models."""
