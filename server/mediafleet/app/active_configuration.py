"""The active configuration: describes it, checks credentials, replaces it on restart."""

from __future__ import annotations

from functools import partial
from hmac import compare_digest
from typing import TYPE_CHECKING

import anyio
from typing_extensions import override

from mediafleet import masking
from mediafleet.configuration import (
    USER,
    Configuration,
    ConfigurationError,
    ConfigurationProblem,
    DotenvFileError,
    describe,
    secret_texts,
    store_changes,
    warn_without_feature,
    with_changes,
)
from mediafleet.domain.autoscaling import Policy
from mediafleet.domain.autoscaling_guards import Guards
from mediafleet.domain.errors import (
    ConfigurationNotStoredError,
    InvalidConfigurationError,
    InvalidProperty,
)
from mediafleet.domain.ports import Settings
from mediafleet.services.autoscaling import AutoscalingSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from mediafleet.domain.ports import Environment, JsonValue

_USER = USER.encode()
OPENVIDU_PRO_VERSION = "2.15.1"
_CHECKED_ON_MACHINE = {"OPENVIDU_PRO_CLUSTER_PATH"}


class ActiveConfiguration(Settings):
    """The configuration in force, which a restart replaces.

    Args:
        value: Checked values.
        path: The ``.env`` file that keeps what a restart changes.
        check: Raises :class:`ConfigurationError` for values that are wrong on this machine; may
            block.

    Attributes:
        value: The values in force.
    """

    def __init__(
        self,
        value: Configuration,
        path: Path,
        check: Callable[[Configuration], None] = lambda _: None,
    ) -> None:
        self.value = value
        self._path = path
        self._check = check
        _hide_secrets(value)

    @override
    def describe(self, kms_uris: Sequence[str]) -> Mapping[str, JsonValue]:
        return describe(self.value, version=OPENVIDU_PRO_VERSION, kms_uris=kms_uris)

    @override
    async def validation_errors(
        self, changes: Mapping[str, JsonValue], refused: Collection[str]
    ) -> Sequence[InvalidProperty]:
        try:
            await self._changed(changes, refused)
        except ConfigurationError as error:
            return _invalid_properties(error)
        return ()

    @override
    async def change(self, changes: Mapping[str, JsonValue]) -> None:
        try:
            changed = await self._changed(changes)
            _hide_secrets(changed)
            store = partial(store_changes, self._path, changed, changes)
            await anyio.to_thread.run_sync(store)
        except ConfigurationError as error:
            raise InvalidConfigurationError(_invalid_properties(error)) from None
        except DotenvFileError as error:
            raise ConfigurationNotStoredError(str(error)) from error
        known = self.value.without_feature
        warn_without_feature(name for name in changed.without_feature if name not in known)
        self.value = changed

    async def _changed(
        self, changes: Mapping[str, JsonValue], refused: Collection[str] = ()
    ) -> Configuration:
        problems: list[ConfigurationProblem] = []
        changed = self.value
        try:
            changed = with_changes(self.value, changes, refused)
        except ConfigurationError as error:
            problems.extend(error.problems)
        invalid = {problem.property for problem in problems}
        checked = {name: changes[name] for name in _CHECKED_ON_MACHINE & changes.keys() - invalid}
        if checked:
            alone = with_changes(self.value, checked)
            try:
                await anyio.to_thread.run_sync(self._check, alone)
            except ConfigurationError as error:
                problems.extend(error.problems)
        if problems:
            raise ConfigurationError(problems)
        return changed

    def authenticate(self, user: str, password: str) -> bool:
        """Compare both in constant time."""
        secret = self.value.secret
        if secret is None:
            return False
        known_user = compare_digest(user.encode(), _USER)
        return compare_digest(password.encode(), secret.encode()) and known_user


def _invalid_properties(error: ConfigurationError) -> Sequence[InvalidProperty]:
    return [InvalidProperty(str(each), each.property) for each in error.problems]


def _hide_secrets(configuration: Configuration) -> None:
    for secret in secret_texts(configuration):
        masking.hide(secret)


MEASUREMENTS_MISSED = 3
"""A load is unknown for too long after so many measurements."""


def autoscaling_settings(
    configuration: Configuration, environment: Environment
) -> AutoscalingSettings:
    """What a configuration says of autoscaling."""
    number = configuration.autoscaling
    return AutoscalingSettings(
        is_on=configuration.autoscales,
        interval=max(1.0, number("INTERVAL")),
        policy=Policy(
            min_nodes=number("MIN_NODES"),
            max_nodes=number("MAX_NODES"),
            min_load=number("MIN_LOAD"),
            max_load=number("MAX_LOAD"),
            launches_machines=environment.launches_machines,
        ),
        guards=Guards(
            evaluations=number("EVALUATIONS"),
            growth_cooldown=number("GROWTH_COOLDOWN"),
            shrink_cooldown=number("SHRINK_COOLDOWN"),
            max_step=number("MAX_STEP"),
            launches_per_hour=number("LAUNCHES_PER_HOUR"),
            failed_launches=number("FAILED_LAUNCHES"),
            back_off=number("BACK_OFF"),
        ),
        blind_after=MEASUREMENTS_MISSED * configuration.load_interval,
        has_hook=bool(configuration.autoscaling_hook),
    )
