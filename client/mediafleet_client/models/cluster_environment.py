from typing import Literal, TypeAlias, cast

ClusterEnvironment: TypeAlias = Literal[
    "aws",
    "docker",
    "local",
    "on_premise",
    "script",
]
"""A newer server may answer other values; they are passed on as they are."""

CLUSTER_ENVIRONMENT_VALUES: frozenset[ClusterEnvironment] = frozenset(
    {
        "aws",
        "docker",
        "local",
        "on_premise",
        "script",
    }
)


def check_cluster_environment(value: object) -> ClusterEnvironment:
    """Take a value of an answer as it is, known or not."""
    return cast(ClusterEnvironment, value)
