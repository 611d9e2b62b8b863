"""How well the tagger does: cross-validation, baselines, what each part of it is worth, its model card."""
