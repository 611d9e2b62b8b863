"""Judging models and plans: simulated towns with a known truth. Everything here is simulated, and says so."""
