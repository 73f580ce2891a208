"""Block transforms: a block of better geometry, fitted on the training items alone."""
