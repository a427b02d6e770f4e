from pathlib import Path

import pytest

from kubestandby.adapters.file_store import FileStore
from tests.contract.store_suite import StoreSuite


class TestFileStore(StoreSuite):
    @pytest.fixture
    def store(self, tmp_path: Path) -> FileStore:
        return FileStore(f"file://{tmp_path}/bucket")
