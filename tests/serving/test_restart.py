"""A server that is killed and comes back: nobody's question is lost."""

from __future__ import annotations

import os
import threading
import time

import numpy as np
import pytest

from gwkeras.serving import Patience, connect
from tests.serving.conftest import Server
from tests.serving.small_model import NAME, small_inputs, taken

CLIENTS, REQUESTS = 8, 100


@pytest.mark.slow
@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_eight_clients_and_a_server_that_is_killed_midway(small, way):
    if os.environ.get("GWKERAS_TF_SERVING"):
        pytest.skip("GWKERAS_TF_SERVING names a server, which is not ours to kill")
    questions = [small_inputs(1, 4, 4, seed) for seed in range(CLIENTS)]
    expected = [small.network.predict_on_batch(taken(small.network, q))["mean"] for q in questions]
    right, failed = [0] * CLIENTS, []
    server = Server(small.base)
    server.start()
    halfway = threading.Event()

    def ask(client):
        try:
            served = connect({"grpc": server.grpc, "rest": server.rest}[way], NAME, Patience(call=20, total=120))
            for number in range(REQUESTS):
                which = (client + number) % CLIENTS
                np.testing.assert_allclose(served(questions[which])["mean"], expected[which], atol=1e-3)
                right[client] += 1
                if sum(right) == CLIENTS * REQUESTS // 2:
                    halfway.set()
        except Exception as error:
            failed.append(error)
            halfway.set()

    clients = [threading.Thread(target=ask, args=(n,)) for n in range(CLIENTS)]
    try:
        for thread in clients:
            thread.start()
        assert halfway.wait(120)
        before = sum(right)
        server.kill()
        time.sleep(1)  # so that clients meet a closed port, too
        server.start()
        for thread in clients:
            thread.join(180)
    finally:
        server.kill()
    assert not failed
    assert before < CLIENTS * REQUESTS, "the server was killed after the last answer"
    assert right == [REQUESTS] * CLIENTS
