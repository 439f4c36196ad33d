"""Keeps the kernel's tables in step with the account state. Runs when something happened, never per tick."""

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from account.events import EventAhead
from account.safety import Override
from account.state import AccountState
from domain.intents import Intent, IntentKind, IntentState
from domain.pricing import SymbolMoney, money_per_price, notional_value, required_margin, rounded_money, symbol_money
from domain.symbols import SymbolSpec
from domain.trading import Position
from domain.updates import Money
from newsfilter.board import NewsBoard
from strategy.charts import Chart
from strategy.evidence import EvidenceLayout, SetupOf, proof_of
from strategy.kernel import Alarm, alarm_of
from strategy.naming import broker_symbol
from strategy.news import Told, Warnings, lay_out_calendar, lowest_tone
from strategy.params import EngineSettings
from strategy.pauses import Pauses
from strategy.safekeeping import Outlook, footing_of, impose, imposed_limits, outlook_of, sync_guard
from strategy.slippage import ExpectedSlippage
from strategy.symbol_rows import describe, lay_out_rules
from strategy.tables import (
    ACCOUNT_DTYPE,
    CHART_DTYPE,
    EVIDENCE_DTYPE,
    GUARD_DTYPE,
    MAX_POSITIONS,
    MAX_SETUPS,
    NEWS_DTYPE,
    POSITION_DTYPE,
    RULES_DTYPE,
    SYMBOL_DTYPE,
    Table,
)
from strategy.views import World, adopt

_NS_PER_S: Final = 1_000_000_000

Overrides = Sequence[Override]

ChartOf = Callable[[Intent | None, str], int]
"""Opening intent (None: not known) and symbol -> row of the chart that looks after the position, -1 for none."""


class WorldTables:
    """Owner of the tables.

    The terminal's money becomes true only when somebody looks at them: a quiet tick need not wait for that.
    """

    def __init__(self, settings: EngineSettings) -> None:
        self._settings = settings
        self._rows: dict[str, int] = {}
        self._monies: list[SymbolMoney] = []
        self._assets: dict[str, int] = {}
        self._points: list[float] = []
        self._cared_for: set[int] = set()
        self._alarms: dict[tuple[int, int], Alarm] = {}
        self._held: set[int] = set()
        self._outlook: Outlook | None = None
        self._standing: Sequence[tuple[float, ...]] = ()  # what equity stands on beside prices: the positions
        self._imposed: Overrides = ()
        self._charts: tuple[Chart, ...] = ()
        self._history: dict[int, Table] = {}
        self._server_offset_s = 0
        self.pauses = Pauses(settings.care.retry_pause_s)
        self._slippage = ExpectedSlippage(settings)
        self._record = 0, "", 0  # of whom and of how many round trips the tables know
        self._evidence = EvidenceLayout(settings.kelly.window_trips)
        self._board: NewsBoard | None = None
        self._warnings = Warnings(settings.care.news_warning_s)
        self._told: Money | None = None  # the terminal's last word, not adopted yet
        self.names: tuple[str, ...] = ()
        self.traded: tuple[str, ...] = ()
        self.missing: tuple[str, ...] = settings.symbols
        self._tables = World(
            np.zeros(1, ACCOUNT_DTYPE),
            np.zeros(0, SYMBOL_DTYPE),
            np.zeros(MAX_POSITIONS, POSITION_DTYPE),
            np.zeros(0, CHART_DTYPE),
            np.zeros(MAX_SETUPS, EVIDENCE_DTYPE),
            np.zeros(0, NEWS_DTYPE),
            np.zeros(0, np.int64),
            np.zeros(0, RULES_DTYPE),
            np.zeros(1, GUARD_DTYPE),
        )
        self._tables.guard["rules"] = settings.guards.rules()
        self._tables.guard["broker_day"] = -1
        self._tables.account["news_negative"] = np.nan
        self._tables.account["expectancy_bound_r"] = np.nan
        self._bids = self._tables.symbols["bid"]
        self._asks = self._tables.symbols["ask"]

    @property
    def tables(self) -> World:
        """All tables, at the last quotes and with the money the terminal told with them."""
        self._believe()
        return self._tables

    @property
    def symbols(self) -> Table:
        """The table of symbols (SYMBOL_DTYPE), at the last quotes."""
        return self._tables.symbols

    def _believe(self) -> None:
        told, self._told = self._told, None
        # a deposit, or a stop that was hit: the deal is on its way, and only with it does this equity mean anything
        if told is not None and told.balance == self._tables.account[0]["balance"]:
            adopt(self._tables, told.equity, told.margin)

    def row_of(self, symbol: str) -> int:
        """Row of a symbol.

        Raises:
            KeyError: for a symbol the terminal has not described.
        """
        return self._rows[symbol]

    def point_of(self, row: int) -> float:
        """Point of the symbol on `row` [price]."""
        return self._points[row]

    # -- static facts ---------------------------------------------------------------------------------------------

    def meet_symbols(self, account: AccountState) -> None:
        """Take the terminal's symbol list in; quotes seen so far are kept."""
        specs = account.specs
        before = {name: self.tables.symbols[row].copy() for name, row in self._rows.items()}
        self.names = tuple(specs)
        self._rows = {name: row for row, name in enumerate(self.names)}
        symbols = np.zeros(len(self.names), SYMBOL_DTYPE)
        self._monies = []
        for row, spec in enumerate(specs.values()):
            money = symbol_money(spec, account.currency, account.currency_digits, account.leverage)
            self._monies.append(money)
            self._describe(symbols, row, spec, money)
            if spec.name in before:
                symbols[row]["bid"], symbols[row]["ask"] = before[spec.name]["bid"], before[spec.name]["ask"]
        self._tables = self.tables._replace(symbols=symbols)
        self._points = [spec.point for spec in specs.values()]
        self._bids, self._asks = symbols["bid"], symbols["ask"]
        found = {wanted: broker_symbol(wanted, self.names) for wanted in self._settings.symbols}
        self.traded = tuple(name for name in found.values() if name is not None)
        self.missing = tuple(wanted for wanted, name in found.items() if name is None)
        if self._board is not None:
            self.meet_news(self._board, account.told)

    def meet_news(self, board: NewsBoard, told: Told) -> None:
        """Take in what is known of news; it replaces what was known before."""
        self.forget_alarms()
        self._board = board
        tables = self.tables
        line = tables.account[0]
        line["news_until_ns"] = board.reliable_until_ns
        line["news_required"] = 2 if board.required else 1
        line["tones_until_ns"] = board.tones_until_ns
        stress, lowest = self._settings.sentiment.stress_tone, lowest_tone(board)
        line["news_negative"] = np.nan if np.isnan(lowest) else float(0.0 < stress <= -lowest)
        rows = lay_out_calendar(board, self.names, tables.symbols)
        self._tables = tables._replace(news=rows.news, moments=rows.moments)
        self._warnings.meet(board, told)
        tables.guard[0]["warns_ns"] = self._warnings.due_ns

    def take_warnings(self, now_ns: int, told: Told) -> list[EventAhead]:
        """Events to be told of at `now_ns` [UTC ns]."""
        found = self._warnings.take(now_ns, told)
        self._tables.guard[0]["warns_ns"] = self._warnings.due_ns
        return found

    def _describe(self, symbols: Table, row: int, spec: SymbolSpec, money: SymbolMoney) -> None:
        line = symbols[row]
        describe(line, spec, money, self._settings)
        line["base_asset"], line["quote_asset"] = (
            self._assets.setdefault(it, len(self._assets)) for it in assets_of(spec)
        )

    def meet_charts(self, charts: Sequence[Chart]) -> None:
        """Lay out one row a chart, all by the same rules."""
        table = np.zeros(len(charts), CHART_DTYPE)
        rules = np.zeros(len(charts), RULES_DTYPE)
        for chart in charts:
            line = table[chart.row]
            line["symbol"] = self._rows[chart.symbol]
            line["timeframe"] = chart.timeframe
            line["period_s"] = chart.timeframe.seconds
            line["bars_needed"] = chart.bars_needed
            line["atr"] = np.nan
            lay_out_rules(rules, chart.row, self._settings)
        self._charts = tuple(charts)
        self._record = 0, "", 0  # other charts may know other signals
        self._history.clear()
        self._tables = self.tables._replace(charts=table, rules=rules)
        self._impose()

    def note_history(self, chart: int, bars: Table, atr: float) -> None:
        """A chart has been warmed up with closed `bars` (RATES_DTYPE); positions hang from the best of theirs."""
        self.forget_alarms()
        self._tables.charts[chart]["bars_seen"] = len(bars)
        self._tables.charts[chart]["atr"] = atr
        self._history[chart] = bars
        for row in range(int(self._tables.account["positions"][0])):
            line = self._tables.positions[row]
            if line["chart"] == chart:
                line["best_price"] = self._best_since(line, float(line["best_price"]))

    def note_entry(self, chart: int, side: int, setup: int, decided_ns: int) -> None:
        """An entry was decided on this chart, side and set-up."""
        self.tables.charts[chart]["last_entry_ns"][0 if side > 0 else 1, setup] = decided_ns

    # -- the account ----------------------------------------------------------------------------------------------

    def sync(self, account: AccountState, chart_of: ChartOf, setup_of: SetupOf, now_ns: int) -> None:
        """Bring account, positions, what is in flight and the record so far to where `account` stands at `now_ns`."""
        self.forget_alarms()
        self._believe()
        before, held = footing_of(self._tables), self._standing
        line = self._tables.account[0]
        line["balance"] = account.balance
        line["credit"] = account.credit
        line["money_digits"] = account.currency_digits
        line["trading_allowed"] = int(account.trade_allowed)
        line["leverage"] = account.leverage
        sync_guard(self._tables, account)
        self._sync_record(account, setup_of)
        self._sync_slippage(account)
        pending = account.open_intents()
        self._server_offset_s = account.server_offset_s
        self._sync_positions(account, chart_of, {record.intent.position_ticket for record in pending})
        self._sync_in_flight([(record.intent, record.state) for record in pending])
        self.impose(account, now_ns)
        if self._standing != held or footing_of(self._tables) != before:
            self._tables.guard[0]["stale"] = 1

    def sync_marks(self, account: AccountState) -> None:
        """The same where nothing but the marks of equity has moved."""
        self.forget_alarms()
        self._believe()
        before = footing_of(self._tables)
        sync_guard(self._tables, account)
        if footing_of(self._tables) != before:
            self._tables.guard[0]["stale"] = 1

    def _sync_positions(self, account: AccountState, chart_of: ChartOf, busy: set[int]) -> None:
        row, margin, standing = 0, 0.0, []
        best, positions = self._best_prices(), self._tables.positions
        self._cared_for.clear()
        self._held.clear()
        self.pauses.forget(account.positions.keys())
        for ticket in sorted(account.positions):
            position = account.positions[ticket]
            symbol = self._rows.get(position.symbol)
            if symbol is None or row >= MAX_POSITIONS:
                continue
            own = account.is_own(position)
            opening = account.opening_intent(ticket) if own else None
            chart = chart_of(opening, position.symbol) if own else -1
            self._held.add(symbol)
            if chart >= 0:
                self._cared_for.add(symbol)
            standing.append((symbol, position.side, position.volume, position.price_open, position.swap))
            positions[row] = (
                symbol,
                chart,
                ticket,
                position.side,
                position.volume,
                account.initial_lots(ticket),
                position.price_open,
                position.sl,
                position.tp,
                position.swap,
                _initial_risk(position, opening),
                *_plan(opening),
                self._planned_slippage(symbol, opening, account),
                best.get(ticket, np.nan),
                account.opened_ns(position),
                int(ticket in busy),
                self.pauses.until_ns(ticket),
            )
            if ticket not in best:
                line = positions[row]
                line["best_price"] = self._best_since(line, position.price_open)
            margin += required_margin(position.side, position.volume, position.price_open, self._monies[symbol])
            row += 1
        self._standing = standing
        line = self._tables.account[0]
        line["positions"] = row
        line["margin"] = rounded_money(margin, account.currency_digits)

    def _sync_record(self, account: AccountState, setup_of: SetupOf) -> None:
        trips, settings = account.round_trips, self._settings
        line = self._tables.account[0]
        line["losing_streak"] = account.safety.streak.count
        record = account.login, account.server, trips.ended
        if record == self._record:
            return
        if record[:2] != self._record[:2] or record[2] < self._record[2]:
            self._evidence = EvidenceLayout(settings.kelly.window_trips)
        self._record = record
        self._evidence.follow(self._tables.evidence, trips.closed, trips.ended, setup_of)
        leverage = settings.leverage
        line["proof_trips"], line["expectancy_bound_r"] = proof_of(
            trips.closed, leverage.proof_trips, leverage.proof_quantile
        )

    def _sync_slippage(self, account: AccountState) -> None:
        for symbol in account.slippage.symbols.keys() & self._rows.keys():
            row = self._rows[symbol]
            self._tables.symbols[row]["slippage"] = self._slippage.of_symbol(symbol, account) * self._points[row]

    def _planned_slippage(self, row: int, opening: Intent | None, account: AccountState) -> float:
        """What the size of a position expected its fills to lose [price]; NaN where nobody knows."""
        if opening is None:
            return np.nan
        return self._slippage.of_entry(opening, account) * self._points[row]

    def _best_prices(self) -> dict[int, float]:
        """What positions hang from so far, by their ticket."""
        count = int(self._tables.account["positions"][0])
        if not count:
            return {}
        standing = self._tables.positions[:count]
        return dict(zip(standing["ticket"].tolist(), standing["best_price"].tolist(), strict=True))

    def _best_since(self, line: np.void, price: float) -> float:
        """The best of `price` and of the warm-up's bars since the position on `line` was opened, as in `note_bar`."""
        bars = self._history.get(int(line["chart"]))
        if bars is None:
            return price
        opened_s = line["opened_ns"] // _NS_PER_S + self._server_offset_s
        since = bars[bars["time"] + self._tables.charts[line["chart"]]["period_s"] > opened_s]
        if not len(since):
            return price
        if line["side"] > 0:
            return max(price, float(since["high"].max()))
        point = self._points[int(line["symbol"])]
        return min(price, float((since["low"] + since["spread"] * point).min()))

    def _sync_in_flight(self, pending: list[tuple[Intent, IntentState]]) -> None:
        symbols, account = self._tables.symbols, self._tables.account[0]
        symbols["in_flight"] = 0
        symbols["unknown"] = 0
        symbols["reserved_value"] = 0.0
        account["reserved_margin"] = account["reserved_notional"] = account["reserved_risk"] = 0.0
        for intent, state in pending:
            row = self._rows.get(intent.symbol)
            if row is None:
                continue
            symbols[row]["unknown"] += int(state == IntentState.UNKNOWN)
            if intent.kind == IntentKind.OPEN:
                symbols[row]["in_flight"] += 1
                money = self._monies[row]
                value = notional_value(intent.volume, intent.price, money)
                symbols[row]["reserved_value"] += intent.side * value
                account["reserved_notional"] += value
                to_stop = abs(intent.price - intent.sl) * intent.volume * money_per_price(intent.sl, money)
                account["reserved_risk"] += to_stop
                account["reserved_margin"] += required_margin(intent.side, intent.volume, intent.price, money)

    def adopt_money(self, money: Money) -> None:
        """Take the terminal's equity and margin as the truth: keep what they have beyond ours, in whole cents."""
        self._told = money
        self._outlook = None

    def impose(self, account: AccountState, now_ns: int) -> None:
        """Bring the rules to what people have imposed and what has not expired at `now_ns` [UTC ns]."""
        active = account.safety.active_overrides(now_ns)
        if active != self._imposed:
            self._imposed = active
            self._impose()

    def _impose(self) -> None:
        impose(self._tables, self._settings, self._imposed, self.names, self._lay_out)

    def _lay_out(self, settings: EngineSettings, symbol: str) -> None:
        for chart in self._charts:
            if chart.symbol == symbol:
                lay_out_rules(self._tables.rules, chart.row, settings)
                self._tables.rules[chart.row]["overrides"] = imposed_limits(self._imposed, symbol)

    # -- quotes ---------------------------------------------------------------------------------------------------

    def is_quiet(self, row: int, last_msc: int, server_offset_s: int) -> bool:
        """Whether nothing on this symbol has to be looked after up to `last_msc` [ms, broker's clock]."""
        return row not in self._held and last_msc < self._outlook_for(server_offset_s).until_msc

    def _outlook_for(self, server_offset_s: int) -> Outlook:
        if self._outlook is None or self._outlook.server_offset_s != server_offset_s:
            self._outlook = outlook_of(self.tables, self._held, server_offset_s)
        return self._outlook

    def wants_a_look(
        self, row: int, bid: float, ask: float, time_msc: int, server_offset_s: int, money: Money | None
    ) -> bool:
        """Whether a guard, or a position on this symbol, might need something at this quote."""
        if not self._outlook_for(server_offset_s).covers(row, bid, ask, time_msc, money):
            return True
        if row not in self._cared_for:
            return False
        key = row, server_offset_s
        alarm = self._alarms.get(key)
        if alarm is None:
            alarm = self._alarms[key] = alarm_of(self.tables, row, server_offset_s, time_msc)
        return bid >= alarm.bid or ask <= alarm.ask or time_msc >= alarm.time_msc

    def forget_alarms(self) -> None:
        """A position, a closed bar or a decision has changed what the positions wait for."""
        self._alarms.clear()
        self._outlook = None

    def note_quote(self, row: int, bid: float, ask: float, money: Money | None) -> None:
        """The quote becomes this, and the terminal's money with it; None where it told none."""
        if money is None:
            self._believe()  # what was told belongs to the quote before
        self._bids[row] = bid
        self._asks[row] = ask
        self._told = money


def assets_of(spec: SymbolSpec) -> tuple[str, str]:
    """What is bought with the symbol and what is paid with it: EUR and USD, XAU and USD, US30 itself and USD.

    An index or a share names its currency as its base, too: it is an asset of its own.
    """
    base = spec.currency_base if spec.currency_base != spec.currency_profit else spec.name
    return base, spec.currency_profit


def _plan(opening: Intent | None) -> tuple[float, float, float]:
    """Lots, price and stop that the position was decided with; NaN where nobody knows."""
    return (opening.volume, opening.price, opening.sl) if opening is not None else (np.nan, np.nan, np.nan)


def _initial_risk(position: Position, opening: Intent | None) -> float:
    """Stop distance at entry [price]; NaN where no stop was ever known."""
    stop = opening.sl if opening is not None and opening.sl > 0.0 else position.sl
    return abs(position.price_open - stop) if stop > 0.0 else float("nan")
