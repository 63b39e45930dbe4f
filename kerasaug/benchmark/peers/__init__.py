"""The libraries that the benchmark compares with: found without being imported, and imported only when chosen."""

from kerasaug.benchmark.peers.registry import PEERS, Contender, Peer, Scene, choose

__all__ = ["PEERS", "Contender", "Peer", "Scene", "choose"]
