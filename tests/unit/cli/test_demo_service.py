from pathlib import Path

from kubestandby.cli.demo.service import told_errors


def test_the_errors_of_a_log_are_told_once_each_and_nothing_else(tmp_path: Path) -> None:
    log = tmp_path / "functions.log"
    log.write_text(
        '{"level": "INFO", "event": "request_done"}\n'
        '{"level": "ERROR", "event": "request_done", "function": "export", "said": "the cluster does not answer"}\n'
        '{"level": "ERROR", "event": "request_done", "function": "export", "said": "the cluster does not answer"}\n'
        "not json\n[]\n"
        '{"level": "ERROR", "event": "delivery_given_up"}\n'
    )

    assert told_errors(log) == ["export: the cluster does not answer", "runtime: delivery_given_up"]


def test_without_a_log_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert told_errors(tmp_path / "nowhere") == []
