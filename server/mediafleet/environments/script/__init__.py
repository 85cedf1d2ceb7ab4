"""The environment `script`: machines are made, found and ended by executables of the operator's."""

from mediafleet.environments.script.environment import Script
from mediafleet.environments.script.machines import Autodiscovery
from mediafleet.environments.script.runner import ScriptSettings
from mediafleet.environments.script.trust import UntrustedError, check_folder

__all__ = ["Autodiscovery", "Script", "ScriptSettings", "UntrustedError", "check_folder"]
