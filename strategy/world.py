"""Keeps the kernel's tables in step with the account state. Runs when something happened, never per tick."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from account.state import AccountState
from domain.intents import Intent, IntentKind, IntentState
from domain.pricing import SymbolMoney, notional_value, required_margin, rounded_money, symbol_money
from domain.servertime import utc_ns_from_server_msc
from domain.symbols import SymbolSpec, SymbolTradeMode, joined_sessions
from domain.trading import Position
from domain.updates import Money
from strategy.charts import Chart
from strategy.kernel import Alarm, alarm_of
from strategy.naming import base_of, broker_symbol
from strategy.params import EngineSettings
from strategy.pauses import Pauses
from strategy.tables import (
    ACCOUNT_DTYPE,
    CHART_DTYPE,
    EVIDENCE_DTYPE,
    MAX_POSITIONS,
    MAX_SETUPS,
    POSITION_DTYPE,
    RULES_DTYPE,
    SYMBOL_DTYPE,
    Table,
)
from strategy.views import World, adopt

_MAY_OPEN: Final = {
    SymbolTradeMode.DISABLED: 0,
    SymbolTradeMode.LONGONLY: 1,
    SymbolTradeMode.SHORTONLY: 2,
    SymbolTradeMode.CLOSEONLY: 0,
    SymbolTradeMode.FULL: 3,
}
_OTHERS: Final = "*"

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
        self._points: list[float] = []
        self._cared_for: set[int] = set()
        self._alarms: dict[tuple[int, int], Alarm] = {}
        self.pauses = Pauses(settings.care.retry_pause_s)
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
            np.zeros(0, RULES_DTYPE),
        )
        self._tables.account["news_negative"] = np.nan
        self._tables.account["expectancy_bound_r"] = np.nan
        self._tables.evidence["kelly_fraction"] = np.inf
        self._bids = self._tables.symbols["bid"]
        self._asks = self._tables.symbols["ask"]

    @property
    def tables(self) -> World:
        """All tables, at the last quotes and with the money the terminal told with them."""
        self._believe()
        return self._tables

    def _believe(self) -> None:
        told, self._told = self._told, None
        if told is not None:
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

    def _describe(self, symbols: Table, row: int, spec: SymbolSpec, money: SymbolMoney) -> None:
        line = symbols[row]
        for field in ("digits", "point", "tick_size", "volume_min", "volume_max", "volume_step", "volume_limit"):
            line[field] = getattr(spec, field)
        for field in SymbolMoney._fields:
            line[field] = getattr(money, field)
        line["stops_level"] = spec.stops_level_points * spec.point
        line["commission_per_lot"] = _by_base(spec.name, self._settings.commission_per_lot)
        line["slippage"] = _by_base(spec.name, self._settings.slippage_points) * spec.point
        sessions = joined_sessions(spec.sessions)
        line["session_count"] = len(sessions)
        for index, session in enumerate(sessions):
            line["sessions"][index] = session
        line["may_open"] = _MAY_OPEN[spec.trade_mode]

    def meet_charts(self, charts: Sequence[Chart]) -> None:
        """Lay out one row a chart, all by the same rules."""
        table = np.zeros(len(charts), CHART_DTYPE)
        rules = np.zeros(len(charts), RULES_DTYPE)
        for chart in charts:
            line = table[chart.row]
            line["symbol"] = self._rows[chart.symbol]
            line["timeframe"] = chart.timeframe
            line["bars_needed"] = chart.bars_needed
            line["atr"] = np.nan
            lay_out_rules(rules, chart.row, self._settings)
        self._tables = self.tables._replace(charts=table, rules=rules)

    def note_history(self, chart: int, bars: int, atr: float) -> None:
        """A chart has been warmed up with `bars` bars."""
        self.forget_alarms()
        self.tables.charts[chart]["bars_seen"] = bars
        self.tables.charts[chart]["atr"] = atr

    def note_entry(self, chart: int, side: int, setup: int, decided_ns: int) -> None:
        """An entry was decided on this chart, side and set-up."""
        self.tables.charts[chart]["last_entry_ns"][0 if side > 0 else 1, setup] = decided_ns

    # -- the account ----------------------------------------------------------------------------------------------

    def sync(self, account: AccountState, chart_of: ChartOf) -> None:
        """Bring account, positions and what is in flight to where the account state stands."""
        self.forget_alarms()
        line = self.tables.account[0]
        line["balance"] = account.balance
        line["credit"] = account.credit
        line["money_digits"] = account.currency_digits
        line["trading_allowed"] = int(account.trade_allowed)
        line["leverage"] = account.leverage
        line["peak_equity"] = account.peak_equity
        pending = account.open_intents()
        self._sync_positions(account, chart_of, {record.intent.position_ticket for record in pending})
        self._sync_in_flight([(record.intent, record.state) for record in pending])

    def _sync_positions(self, account: AccountState, chart_of: ChartOf, busy: set[int]) -> None:
        row, margin = 0, 0.0
        self._cared_for.clear()
        self.pauses.forget(account.positions.keys())
        for ticket in sorted(account.positions):
            position = account.positions[ticket]
            symbol = self._rows.get(position.symbol)
            if symbol is None or row >= MAX_POSITIONS:
                continue
            opening = account.opening_intent(ticket) if account.is_own(position) else None
            chart = chart_of(opening, position.symbol) if account.is_own(position) else -1
            if chart >= 0:
                self._cared_for.add(symbol)
            self.tables.positions[row] = (
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
                utc_ns_from_server_msc(position.time_msc, account.server_offset_s),
                int(ticket in busy),
                self.pauses.until_ns(ticket),
            )
            margin += required_margin(position.side, position.volume, position.price_open, self._monies[symbol])
            row += 1
        self.tables.account[0]["positions"] = row
        self.tables.account[0]["margin"] = rounded_money(margin, account.currency_digits)

    def _sync_in_flight(self, pending: list[tuple[Intent, IntentState]]) -> None:
        symbols, account = self.tables.symbols, self.tables.account[0]
        symbols["in_flight"] = 0
        symbols["unknown"] = 0
        account["reserved_margin"] = account["reserved_notional"] = 0.0
        for intent, state in pending:
            row = self._rows.get(intent.symbol)
            if row is None:
                continue
            symbols[row]["unknown"] += int(state == IntentState.UNKNOWN)
            if intent.kind == IntentKind.OPEN:
                symbols[row]["in_flight"] += 1
                money = self._monies[row]
                account["reserved_notional"] += notional_value(intent.volume, intent.price, money)
                account["reserved_margin"] += required_margin(intent.side, intent.volume, intent.price, money)

    def adopt_money(self, money: Money) -> None:
        """Take the terminal's equity and margin as the truth: keep what they have beyond ours, in whole cents."""
        self._told = money

    # -- quotes ---------------------------------------------------------------------------------------------------

    def is_quiet(self, row: int) -> bool:
        """Whether no position of ours on this symbol has to be looked after."""
        return row not in self._cared_for

    def wants_a_look(self, row: int, bid: float, ask: float, time_msc: int, server_offset_s: int) -> bool:
        """Whether a position on this symbol might need something at this quote."""
        if row not in self._cared_for:
            return False
        key = row, server_offset_s
        alarm = self._alarms.get(key)
        if alarm is None:
            alarm = self._alarms[key] = alarm_of(self.tables, row, server_offset_s)
        return bid >= alarm.bid or ask <= alarm.ask or time_msc >= alarm.time_msc

    def forget_alarms(self) -> None:
        """A position, a closed bar or a decision has changed what the positions wait for."""
        self._alarms.clear()

    def note_quote(self, row: int, bid: float, ask: float, money: Money | None) -> None:
        """The quote becomes this, and the terminal's money with it; None where it told none."""
        if money is None:
            self._believe()  # what was told belongs to the quote before
        self._bids[row] = bid
        self._asks[row] = ask
        self._told = money


def _by_base(symbol: str, table: Mapping[str, float]) -> float:
    """What `table` says of the symbol: by its base name, else what it says of all others, else 0."""
    return table.get(base_of(symbol, table) or _OTHERS, 0.0)


def lay_out_rules(rules: Table, row: int, settings: EngineSettings) -> None:
    """Write the numbers of `settings` into `rules` (RULES_DTYPE) on `row`."""
    line = rules[row]
    for name, part in settings.entry_rules()._asdict().items():
        line[name] = part
    line["care"] = settings.care.rules()
    for index, tier in enumerate(settings.tiers):
        line["tiers"][index] = tier


def _initial_risk(position: Position, opening: Intent | None) -> float:
    """Stop distance at entry [price]; NaN where no stop was ever known."""
    stop = opening.sl if opening is not None and opening.sl > 0.0 else position.sl
    return abs(position.price_open - stop) if stop > 0.0 else float("nan")
