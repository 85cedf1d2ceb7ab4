"""Connexion as it comes: this project's contract and operation names, Connexion's own middlewares.

Answers are validated, as in Mediafleet.
"""

import copy
import hmac

from bench.peers import SECRET, USER
from bench.peers.payload import NODES, listing
from connexion import AsyncApp
from connexion.exceptions import ProblemException
from connexion.resolver import Resolver

from mediafleet.app import load_contract


def known_user(user, password):
    right = hmac.compare_digest(user.encode(), USER.encode())
    if hmac.compare_digest(password.encode(), SECRET.encode()) and right:
        return {"sub": user}
    return None


async def list_media_nodes(sessions=False, extra_info=False):
    return listing()


async def get_media_node(media_node_id, sessions=False, extra_info=False):
    node = NODES.get(media_node_id)
    if node is None:
        raise ProblemException(status=404)
    return node


async def not_measured(**_):
    raise ProblemException(status=500)


HANDLERS = {"list_media_nodes": list_media_nodes, "get_media_node": get_media_node}


def create_app():
    contract = copy.deepcopy(dict(load_contract()))
    schemes = contract["components"]["securitySchemes"]
    schemes["basicAuth"]["x-basicInfoFunc"] = f"{__name__}.known_user"
    app = AsyncApp(__name__)
    app.add_api(
        contract,
        resolver=Resolver(lambda name: HANDLERS.get(name, not_measured)),
        pythonic_params=True,
        strict_validation=True,
        validate_responses=True,
    )
    return app


app = create_app()
