"""All routes, in the order of the manual. Each translates HTTP to one use case and back."""

from api.registry import Route
from api.routes import couples, dates, ideas, me, meta, operator, sessions, weeks

MODULES = (couples, me, sessions, weeks, dates, ideas, operator, meta)
ROUTES: tuple[Route, ...] = tuple(route for module in MODULES for route in module.router.routes)
