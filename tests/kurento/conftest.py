import pytest, gc
@pytest.fixture
def anyio_backend():
    return ("asyncio", {"use_uvloop": True})
@pytest.fixture(autouse=True)
def collect():
    yield
    gc.collect()
