"""Users of a Jupyter server in tests: ann may do everything, bob may only look."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth import Authorizer, IdentityProvider, User

#: a server's configuration with these users; each is known by a token that is the name
CONFIG = """
c.ServerApp.identity_provider_class = "automl_jupyter.testing.users.Users"
c.ServerApp.authorizer_class = "automl_jupyter.testing.users.Readers"
"""


class Users(IdentityProvider):
    """Knows ann and bob by the header of a request."""

    def get_user(self, handler: Any) -> User | None:
        """Return who asks."""
        token = handler.request.headers.get("Authorization", "").removeprefix("token ")
        if token not in ("ann", "bob"):
            return None
        handler._token_authenticated = True
        return User(token)


class Readers(Authorizer):
    """Lets ann do everything, and others read."""

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        """Return whether a user may do what is asked."""
        return bool(user.username == "ann" or action == "read")
