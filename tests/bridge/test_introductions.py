"""Numbers stand for accounts, and every change of what they mean is told once."""

import msgspec

from bridge.introductions import Introductions, TerminalInfo
from bridge.records import STRANGER
from tests.bridge.floor import Script
from tests.strategy.markets import a_spec
from wire.messages import Symbols


def test_strangers_have_no_number() -> None:
    introductions = Introductions()
    assert introductions.number_of(Script().desk) == STRANGER
    assert introductions.news(STRANGER, Script().desk) is None


def test_an_account_keeps_its_number_over_sessions() -> None:
    introductions = Introductions()
    first = Script().live()
    number = introductions.number_of(first.desk)
    assert number == 1
    assert introductions.number_of(Script(trader=first.trader).live().desk) == number


def test_news_are_told_once() -> None:
    introductions, script = Introductions(), Script()
    script.enter()
    news = introductions.news(1, script.desk)
    assert news is not None
    info = msgspec.json.decode(news, type=TerminalInfo)
    assert (info.account, info.session, info.symbols) == ("Test-Demo:5000001", 1, ())
    assert introductions.news(1, script.desk) is None
    script.reconcile()
    news = introductions.news(1, script.desk)
    assert news is not None
    assert msgspec.json.decode(news, type=TerminalInfo).names == ("EURUSD",)
    assert introductions.news(1, script.desk) is None
    script.say(Symbols(specs=(a_spec(), a_spec("GBPUSD"))))
    assert introductions.news(1, script.desk) is not None
