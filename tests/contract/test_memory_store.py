import pytest

from tests.contract.store_suite import StoreSuite
from tests.fakes.memory_store import MemoryStore


class TestMemoryStore(StoreSuite):
    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()
