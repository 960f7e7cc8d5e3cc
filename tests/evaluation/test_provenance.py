"""What a report says of its checkpoint."""

from inpainting.evaluation.provenance import checkpoint_name


def test_a_checkpoint_is_named_by_its_folder_or_its_id(tmp_path, monkeypatch):
    (tmp_path / "net").mkdir()
    monkeypatch.chdir(tmp_path / "net")
    assert checkpoint_name(None) == "bundled"
    assert checkpoint_name(str(tmp_path / "net")) == checkpoint_name(".") == "net"
    assert checkpoint_name("user/net") == "user/net"
