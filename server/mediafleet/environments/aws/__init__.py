"""The environment `aws`: Media Nodes are EC2 instances, known by their tags."""

from mediafleet.environments.aws.ec2 import AwsSettings
from mediafleet.environments.aws.environment import Aws

__all__ = ["Aws", "AwsSettings"]
