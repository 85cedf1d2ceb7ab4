"""Configuration: its properties, sources, checks and the `.env` file; nothing of the cluster."""

from mediafleet.configuration.child_variables import inherited_variables, script_variables
from mediafleet.configuration.configuration import Configuration, Origin
from mediafleet.configuration.description import USER, describe, secret_texts
from mediafleet.configuration.dotenv import (
    DotenvFileError,
    complete_dotenv,
    locate_dotenv,
)
from mediafleet.configuration.errors import ConfigurationError, ConfigurationProblem
from mediafleet.configuration.reading import read_configuration, store_changes, with_changes
from mediafleet.configuration.validation import ConfigurationWarning, warn_without_feature

__all__ = [
    "USER",
    "Configuration",
    "ConfigurationError",
    "ConfigurationProblem",
    "ConfigurationWarning",
    "DotenvFileError",
    "Origin",
    "complete_dotenv",
    "describe",
    "inherited_variables",
    "locate_dotenv",
    "read_configuration",
    "script_variables",
    "secret_texts",
    "store_changes",
    "warn_without_feature",
    "with_changes",
]
