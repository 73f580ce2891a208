"""Features and behaviour -> scores: each file holds one model, every one a
`palate.stages.Scorer`.
"""
