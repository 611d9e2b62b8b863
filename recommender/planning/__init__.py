"""The weekly plan: feasible first, then both of them, fresh to them, three roles, said why."""
