"""Which differences from a recording are accepted when it is played to a real server."""

import pytest

from emulator.matching import MismatchError, Renaming

RECORDED_ID = "f417ec19-05b0-48c5-8d85-35ddd67159cb_kurento.MediaPipeline"
OURS = "0dc68525-83a3-4655-a5bc-a9709dd4b78a_kurento.MediaPipeline"
OTHER = "3b3a6435-a126-4333-bb53-af6496c71f03_kurento.MediaPipeline"


def reply(value):
    return {"result": {"value": value}}


def module(**changed):
    return reply({"name": "core", "generationTime": "Nov 22 2026 21:26:07", **changed})


@pytest.fixture
def real() -> Renaming:
    renaming = Renaming(shared=True)
    renaming.match(reply(RECORDED_ID), reply(OURS))
    return renaming


@pytest.mark.parametrize("built", ["Nov 28 2026 09:13:44", "Jan  1 2027 00:00:00"])
def test_a_module_may_be_of_another_build(real, built) -> None:
    real.match(module(), module(generationTime=built))
    with pytest.raises(MismatchError):
        Renaming().match(module(), module(generationTime=built))


@pytest.mark.parametrize(
    "changed", [{"generationTime": "yesterday"}, {"generationTime": 5}, {"name": "elements"}]
)
def test_nothing_else_of_a_module_may_differ(real, changed) -> None:
    with pytest.raises(MismatchError):
        real.match(module(), module(**changed))


@pytest.mark.parametrize("operation", ["getPipelines", "getName", None])
def test_pipelines_of_other_clients_may_be_listed_in_every_reply(real, operation) -> None:
    real.match(reply([RECORDED_ID]), reply([OURS, OTHER]), operation)
    assert not real.is_known(OTHER), "it is not ours to release"


@pytest.mark.parametrize("received", [[], [OTHER], OURS])
def test_a_list_without_what_was_recorded_is_a_mismatch(real, received) -> None:
    with pytest.raises(MismatchError):
        real.match(reply([RECORDED_ID]), reply(received), "getPipelines")
