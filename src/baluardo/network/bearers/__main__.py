"""`python -m baluardo.network.bearers`: compile the engine, so that the first start need not.

What is compiled is kept on disk, for every edge of this machine's user.
"""

from baluardo.network.bearers.engine_state import new_state
from baluardo.network.bearers.engine_thread import EngineThread

if __name__ == "__main__":
    engine = EngineThread(new_state(1, 1, bytes(16)))
    engine.start(real_time=False)
    engine.end()
