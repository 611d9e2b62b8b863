"""What each partner will enjoy: features, the hierarchical model, its prior, and the baselines it must beat."""
