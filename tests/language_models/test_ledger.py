import threading

import pytest

from diffex_cli.language_models.base import Prices, Usage
from diffex_cli.language_models.costs import Ledger, OverBudget

DOLLAR_A_TOKEN = Prices(1e6, 1e6, 0.0)


def test_without_a_limit_it_only_counts() -> None:
    ledger = Ledger()
    for used in (Usage(3, 1), Usage(2, 1, 2)):
        ledger.settle(ledger.reserve(DOLLAR_A_TOKEN, Usage(100, 0), 100), DOLLAR_A_TOKEN, used)
    assert ledger.paid == Usage(5, 2, 2)
    assert ledger.cost == pytest.approx(5.0)


def test_it_refuses_what_may_cross_the_limit() -> None:
    ledger = Ledger(10.0)
    ledger.settle(ledger.reserve(DOLLAR_A_TOKEN, Usage(4, 0), 5), DOLLAR_A_TOKEN, Usage(4, 4))
    with pytest.raises(OverBudget):
        ledger.reserve(DOLLAR_A_TOKEN, Usage(0, 0), 3)
    ledger.reserve(DOLLAR_A_TOKEN, Usage(0, 0), 2)


def test_what_was_paid_before_counts_towards_the_limit_but_not_as_paid_now() -> None:
    ledger = Ledger(10.0)
    ledger.keep(DOLLAR_A_TOKEN, Usage(5, 4))
    assert ledger.cost == 0.0
    with pytest.raises(OverBudget):
        ledger.reserve(DOLLAR_A_TOKEN, Usage(0, 0), 2)


def test_a_question_waits_until_another_one_has_cost_less_than_it_might() -> None:
    ledger = Ledger(10.0)
    first = ledger.reserve(DOLLAR_A_TOKEN, Usage(0, 0), 8)
    got: list[float] = []
    second = threading.Thread(target=lambda: got.append(ledger.reserve(DOLLAR_A_TOKEN, Usage(0, 0), 8)))
    second.start()
    second.join(0.1)
    assert not got
    ledger.settle(first, DOLLAR_A_TOKEN, Usage(0, 1))
    second.join(5)
    assert got == [8.0]


def test_without_a_price_the_cost_is_unknown_and_the_tokens_are_not() -> None:
    ledger = Ledger()
    ledger.settle(ledger.reserve(None, Usage(1, 1), 1), None, Usage(7, 3))
    assert ledger.cost is None
    assert ledger.paid == Usage(7, 3)
