from dataclasses import replace

import orjson
import pytest

from mediafleet.api import wire
from mediafleet.api.encoded import EncodedMediaNodes
from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas, ResponseViolationError
from mediafleet.domain.cluster import Cluster, Member
from support.factories import make_cluster, make_member


class World:
    """A cluster that changes, and how often a body was made."""

    def __init__(self, *members: Member) -> None:
        self.cluster = make_cluster(*members)
        self.made: list[str] = []
        schemas = ContractSchemas(load_contract())
        self.encoded = EncodedMediaNodes(
            self.media_node,
            one=schemas.response("get_media_node", 200),
            many=schemas.response("list_media_nodes", 200),
            cluster=lambda: self.cluster,
        )

    def media_node(self, member: Member) -> wire.Json:
        self.made.append(member.node.id)
        return wire.media_node(member)

    def change(self, member: Member) -> Cluster:
        self.cluster = Cluster({**self.cluster.members, member.node.id: member})
        return self.cluster


def test_a_body_is_what_the_contract_wants() -> None:
    member = make_member()
    assert orjson.loads(bytes(World(member).encoded.one(member))) == wire.media_node(member)


def test_a_body_is_made_once_for_each_change() -> None:
    member = make_member()
    world = World(member)
    for _ in range(3):
        world.encoded.one(member)
    assert world.made == [member.node.id]

    busier = replace(member, connection=replace(member.connection, last_load=99.0))
    assert orjson.loads(bytes(world.encoded.one(busier)))["load"] == 99.0
    assert world.made == [member.node.id] * 2


def test_the_list_is_the_bodies_in_order() -> None:
    members = [make_member(id=f"kms_{number}") for number in range(3)]
    world = World(*members)
    assert orjson.loads(bytes(world.encoded.many(world.cluster))) == wire.listing(
        map(wire.media_node, members)
    )
    assert orjson.loads(bytes(world.encoded.many(make_cluster()))) == wire.listing([])


def test_of_a_list_only_what_changed_is_made_again() -> None:
    world = World(*(make_member(id=f"kms_{number}") for number in range(3)))
    world.encoded.many(world.cluster)
    world.encoded.many(world.cluster)
    world.made.clear()

    changed = make_member(id="kms_1", sessions=1, connected=False)
    world.encoded.many(world.change(changed))

    assert world.made == ["kms_1"]


def test_a_body_that_breaks_the_contract_is_not_answered() -> None:
    good, bad = make_member(id="kms_good"), make_member(id="kms_bad", environment_id="x" * 300)
    world = World(good, bad)
    assert world.encoded.one(good)
    for _ in range(2):
        with pytest.raises(ResponseViolationError, match="environmentId"):
            world.encoded.one(bad)
        with pytest.raises(ResponseViolationError, match="content"):
            world.encoded.many(world.cluster)


def test_bodies_of_nodes_that_left_are_forgotten() -> None:
    world = World()
    for number in range(1_000):
        member = make_member(id=f"kms_{number}")
        world.cluster = make_cluster(member)
        world.encoded.one(member)
    assert len(world.encoded._bodies) < 200
