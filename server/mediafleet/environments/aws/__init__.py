"""The environment `aws`: Media Nodes are EC2 instances, known by their tags."""

from mediafleet.environments.aws.environment import Aws
from mediafleet.environments.aws.settings import AwsSettings

__all__ = ["Aws", "AwsSettings"]
