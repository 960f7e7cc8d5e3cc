"""Networks: blocks, architectures, registry, checkpoints."""
