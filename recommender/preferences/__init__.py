"""What each partner will enjoy: features, the hierarchical model, its prior, the baselines to beat."""
