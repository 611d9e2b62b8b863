"""What goes over the wire: pydantic models, one module a subject. Field types are in `fields`."""
