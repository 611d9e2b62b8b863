"""From feedback to a better model, or to the same one: snapshot, training, the gate, the registry."""
