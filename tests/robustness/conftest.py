"""What the attacks share: the running app in both modes."""

from collections.abc import Iterator

import httpx
import pytest

from tests.robustness.attacking import MODES
from tests.running_app import PATIENCE


@pytest.fixture(params=MODES)
def app(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    """A client of the app, as it runs here and as a Space runs it."""
    url = request.getfixturevalue(MODES[request.param])
    with httpx.Client(base_url=url, timeout=PATIENCE) as client:
        yield client
