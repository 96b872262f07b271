import threading
import time

import pytest

from diffex_cli.measure.making import BackgroundWriter


def test_items_are_kept_in_order_on_another_thread_and_leaving_waits() -> None:
    kept: list[int] = []
    threads: set[int] = set()

    def keep(item: int) -> None:
        time.sleep(0.001)
        threads.add(threading.get_ident())
        kept.append(item)

    with BackgroundWriter(keep) as keeper:
        for item in range(40):
            keeper.put(item)
    assert kept == list(range(40))
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_the_maker_goes_on_while_an_item_is_kept() -> None:
    gate = threading.Event()
    kept: list[int] = []

    def keep(item: int) -> None:
        assert gate.wait(10)
        kept.append(item)

    with BackgroundWriter(keep) as keeper:
        for item in range(10):
            keeper.put(item)
        assert kept == [], "all are put while the first is still being kept"
        gate.set()
    assert kept == list(range(10))


def test_no_more_wait_than_there_is_room_for() -> None:
    put: list[int] = []
    gate = threading.Event()
    with BackgroundWriter(lambda item: gate.wait(10) or None, depth=3) as keeper:

        def make() -> None:
            for item in range(8):
                keeper.put(item)
                put.append(item)

        maker = threading.Thread(target=make)
        maker.start()
        maker.join(0.2)
        assert put == [0, 1, 2]
        gate.set()
        maker.join(10)
    assert put == list(range(8))


@pytest.mark.parametrize("error", [OSError("the disk is full"), KeyboardInterrupt()])
def test_an_error_comes_back_as_it_is_and_nothing_is_kept_after_it(error: BaseException) -> None:
    kept: list[int] = []

    def keep(item: int) -> None:
        if item == 2:
            raise error
        kept.append(item)

    def make() -> None:
        with BackgroundWriter(keep, depth=1) as keeper:
            for item in range(100):
                keeper.put(item)

    with pytest.raises(type(error)) as caught:
        make()
    assert caught.value is error
    assert kept == [0, 1]
    with pytest.raises(type(error)) as caught, BackgroundWriter(keep) as keeper:
        keeper.put(2)
    assert caught.value is error


def test_what_was_put_before_the_makers_own_error_is_kept() -> None:
    kept: list[int] = []

    def keep(item: int) -> None:
        time.sleep(0.01)
        kept.append(item)

    def make() -> None:
        with BackgroundWriter(keep) as keeper:
            for item in range(5):
                keeper.put(item)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make()
    assert kept == [0, 1, 2, 3, 4]
