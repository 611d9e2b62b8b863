"""Rekindle: date ideas for two, a fair weekly plan, and a model that learns from both partners.

In the field's terms a partner is a user, an idea an item, a couple a group, a plan a slate,
and a shown suggestion an exposure.
"""
