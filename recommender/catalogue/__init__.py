"""The catalogue: taxonomy, quiz and ideas in, faults out."""
