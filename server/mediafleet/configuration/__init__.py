"""Configuration: its properties, sources, checks and the `.env` file; nothing of the cluster."""

from mediafleet.configuration.changing import store_changes, with_changes
from mediafleet.configuration.configuration import Configuration, Origin
from mediafleet.configuration.description import describe
from mediafleet.configuration.dotenv_file import (
    DotenvFileError,
    complete_dotenv,
    locate_dotenv,
)
from mediafleet.configuration.foreign import foreign_variables
from mediafleet.configuration.problems import ConfigurationError, ConfigurationProblem
from mediafleet.configuration.reading import read_configuration
from mediafleet.configuration.script_variables import script_variables
from mediafleet.configuration.secret_texts import USER, secret_texts
from mediafleet.configuration.suspicious import ConfigurationWarning, warn_without_feature

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
    "foreign_variables",
    "locate_dotenv",
    "read_configuration",
    "script_variables",
    "secret_texts",
    "store_changes",
    "warn_without_feature",
    "with_changes",
]
