// What the terminal tells and does: clocks, quotes, account, history, orders, global variables, calendar.
#pragma once
#include "prelude.hpp"

namespace mql {
#define _LastError (mql::last_error)
#define _Symbol (mql::string(mql::host().symbol))
#define _Period ((ENUM_TIMEFRAMES)mql::host().period)
#define _Digits (mql::host().digits)
#define _Point (mql::host().point)
#define _StopFlag (mql::host().is_stopped != 0)
#define _UninitReason (mql::host().deinit_reason)
#define __MQL5__ 1
#define __MQL5BUILD__ 5000
#define __MQLBUILD__ 5000

inline int GetLastError() { return last_error; }
inline void ResetLastError() { last_error = 0; }
inline void SetUserError(ushort error) { last_error = 65536 + error; }
inline string Symbol() { return _Symbol; }
inline ENUM_TIMEFRAMES Period() { return _Period; }
inline int Digits() { return _Digits; }
inline double Point() { return _Point; }
inline bool IsStopped() { return _StopFlag; }
inline int UninitializeReason() { return _UninitReason; }
inline void ExpertRemove() { host().remove(); }
inline void ChartRedraw(long64 = 0) {}
inline long64 ChartID() { return 1; }

// -- clocks
// ------------------------------------------------------------------------------------------------------------
inline void pass_us(long64 duration) {
  static long64 parts = 0; // of a millisecond
  host().machine_us += duration;
  parts += duration;
  host().server_msc += parts / 1000;
  parts %= 1000;
}
// looking at the clock takes a microsecond: an EA that waits by looking at it must come to an end
inline ulong GetMicrosecondCount() { return pass_us(1), (ulong)host().machine_us; }
inline ulong GetTickCount64() { return GetMicrosecondCount() / 1000; }
inline uint GetTickCount() { return (uint)GetTickCount64(); }
inline datetime TimeCurrent() { return host().quote_msc / 1000; }
inline datetime TimeTradeServer() { return host().server_msc / 1000; }
inline datetime TimeGMT() { return TimeTradeServer() - host().server_offset_s; }
inline datetime TimeLocal() { return TimeGMT(); }
inline int TimeGMTOffset() { return 0; }
inline int TimeDaylightSavings() { return 0; }
inline bool TimeToStruct(datetime moment, MqlDateTime &parts) {
  time_t seconds = moment;
  struct tm tm;
  gmtime_r(&seconds, &tm);
  parts = {tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_wday, tm.tm_yday};
  return true;
}
inline datetime StructToTime(const MqlDateTime &parts) {
  struct tm tm = {};
  tm.tm_year = parts.year - 1900, tm.tm_mon = parts.mon - 1, tm.tm_mday = parts.day;
  tm.tm_hour = parts.hour, tm.tm_min = parts.min, tm.tm_sec = parts.sec;
  return timegm(&tm);
}
#define MQL_MOMENT(function)                                                                                           \
  inline datetime function(MqlDateTime &parts) {                                                                       \
    datetime now = function();                                                                                         \
    TimeToStruct(now, parts);                                                                                          \
    return now;                                                                                                        \
  }
MQL_MOMENT(TimeCurrent)
MQL_MOMENT(TimeTradeServer)
MQL_MOMENT(TimeGMT)
MQL_MOMENT(TimeLocal)
inline void Sleep(int milliseconds) { pass_us(std::max(milliseconds, 0) * 1000LL); }
inline bool EventSetMillisecondTimer(int milliseconds) {
  if (milliseconds <= 0) return fails(ERR_INVALID_PARAMETER);
  return host().timer(milliseconds), true;
}
inline bool EventSetTimer(int seconds) { return EventSetMillisecondTimer(seconds * 1000); }
inline void EventKillTimer() { host().timer(0); }

// -- properties
// --------------------------------------------------------------------------------------------------------
inline HostValue ask(HostDomain domain, HostKind kind, const string &name, ulong ticket, int which) {
  HostValue value = {};
  int error = host().property(domain, kind, name.utf8().c_str(), ticket, which, &value);
  if (error) last_error = error;
  return value;
}
inline bool ask_for(HostDomain domain, HostKind kind, const string &name, ulong ticket, int which, HostValue &value) {
  int error = host().property(domain, kind, name.utf8().c_str(), ticket, which, &value);
  return error ? fails(error) : true;
}
// the three getters of a domain: GetInteger(which), and GetInteger(which, target) that tells whether it worked
#define MQL_GETTER(name, property, domain, kind, type, field, subject, ticket, ...)                                    \
  inline type name(__VA_ARGS__ property which) {                                                                       \
    HostValue v = ask(domain, kind, subject, ticket, which);                                                           \
    return (type)(v.field);                                                                                            \
  }                                                                                                                    \
  inline bool name(__VA_ARGS__ property which, type &target) {                                                         \
    HostValue v = {};                                                                                                  \
    bool ok = ask_for(domain, kind, subject, ticket, which, v);                                                        \
    if (ok) target = (type)(v.field);                                                                                  \
    return ok;                                                                                                         \
  }
#define MQL_GETTERS(prefix, enums, domain, subject, ticket, ...)                                                       \
  MQL_GETTER(prefix##Integer, enums##_INTEGER, domain, AN_INTEGER, long64, integer, subject, ticket, __VA_ARGS__)      \
  MQL_GETTER(prefix##Double, enums##_DOUBLE, domain, A_DOUBLE, double, real, subject, ticket, __VA_ARGS__)             \
  MQL_GETTER(prefix##String, enums##_STRING, domain, A_STRING, string, text, subject, ticket, __VA_ARGS__)
#define MQL_COMMA ,

inline ulong chosen_position = 0, chosen_order = 0;
MQL_GETTERS(AccountInfo, ENUM_ACCOUNT_INFO, OF_ACCOUNT, string(), 0)
MQL_GETTERS(TerminalInfo, ENUM_TERMINAL_INFO, OF_TERMINAL, string(), 0)
MQL_GETTER(MQLInfoInteger, ENUM_MQL_INFO_INTEGER, OF_MQL, AN_INTEGER, long64, integer, string(), 0)
MQL_GETTER(MQLInfoString, ENUM_MQL_INFO_STRING, OF_MQL, A_STRING, string, text, string(), 0)
MQL_GETTERS(SymbolInfo, ENUM_SYMBOL_INFO, OF_SYMBOL, symbol, 0, const string &symbol MQL_COMMA)
MQL_GETTERS(PositionGet, ENUM_POSITION_PROPERTY, OF_POSITION, string(), chosen_position)
MQL_GETTERS(OrderGet, ENUM_ORDER_PROPERTY, OF_ORDER, string(), chosen_order)
MQL_GETTERS(HistoryOrderGet, ENUM_ORDER_PROPERTY, OF_PAST_ORDER, string(), ticket, ulong ticket MQL_COMMA)
MQL_GETTERS(HistoryDealGet, ENUM_DEAL_PROPERTY, OF_DEAL, string(), ticket, ulong ticket MQL_COMMA)

inline bool SymbolSelect(const string &symbol, bool) {
  return SymbolInfoInteger(symbol, SYMBOL_EXIST) ? true : fails(ERR_MARKET_UNKNOWN_SYMBOL);
}
inline bool SymbolExist(const string &symbol, bool &is_custom) {
  return is_custom = false, SymbolInfoInteger(symbol, SYMBOL_EXIST) != 0;
}
inline bool SymbolIsSynchronized(const string &symbol) { return SymbolInfoInteger(symbol, SYMBOL_EXIST) != 0; }
inline int SymbolsTotal(bool) { return (int)host().pool(OF_SYMBOL, HOW_MANY, 0, 0); }
inline string SymbolName(int index, bool) {
  HostValue value = {};
  return host().property(OF_SYMBOL, A_STRING, "", (ulong)index, -1, &value) ? string("") : string(value.text);
}
inline bool SymbolInfoSessionTrade(const string &symbol, ENUM_DAY_OF_WEEK day, uint index, datetime &from,
                                   datetime &to) {
  int64_t begin = 0, end = 0;
  int error = host().session(symbol.utf8().c_str(), day, index, &begin, &end);
  return error ? fails(error) : (from = begin, to = end, true);
}
inline bool SymbolInfoSessionQuote(const string &symbol, ENUM_DAY_OF_WEEK day, uint index, datetime &from,
                                   datetime &to) {
  return SymbolInfoSessionTrade(symbol, day, index, from, to);
}
inline double estimated(int what, int type, const string &symbol, double volume, double price, double close = 0) {
  return host().estimate(what, type, symbol.utf8().c_str(), volume, price, close);
}
inline bool SymbolInfoMarginRate(const string &symbol, ENUM_ORDER_TYPE type, double &initial, double &maintenance) {
  double rate = estimated(2, type, symbol, 0, 0);
  return std::isnan(rate) ? fails(ERR_MARKET_UNKNOWN_SYMBOL) : (initial = rate, maintenance = rate, true);
}
inline bool OrderCalcMargin(ENUM_ORDER_TYPE type, const string &symbol, double volume, double price, double &margin) {
  double found = estimated(0, type, symbol, volume, price);
  return std::isnan(found) ? fails(ERR_MARKET_UNKNOWN_SYMBOL) : (margin = found, true);
}
inline bool OrderCalcProfit(ENUM_ORDER_TYPE type, const string &symbol, double volume, double open, double close,
                            double &profit) {
  double found = estimated(1, type, symbol, volume, open, close);
  return std::isnan(found) ? fails(ERR_MARKET_UNKNOWN_SYMBOL) : (profit = found, true);
}

// -- quotes
// ------------------------------------------------------------------------------------------------------------
template <class R> int copied(int count, const void *rows, View<R> target) {
  if (count < 0) return fails(-count), -1;
  if (target.is_dynamic())
    target.resize(count);
  else
    count = std::min(count, target.size());
  if (count) memcpy((void *)target.data(), rows, sizeof(R) * (size_t)count);
  return count;
}
inline int CopyTicks(const string &symbol, View<MqlTick> ticks, uint flags = (uint)COPY_TICKS_ALL, ulong from_msc = 0,
                     uint count = 0) {
  const void *rows = nullptr;
  int found = host().ticks(symbol.utf8().c_str(), flags, (long64)from_msc, -1, count ? count : 2000, &rows);
  return copied(found, rows, ticks);
}
inline int CopyTicksRange(const string &symbol, View<MqlTick> ticks, uint flags = (uint)COPY_TICKS_ALL,
                          ulong from_msc = 0, ulong to_msc = 0) {
  const void *rows = nullptr;
  long64 to = to_msc ? (long64)to_msc : LLONG_MAX;
  int found = host().ticks(symbol.utf8().c_str(), flags, (long64)from_msc, to, 0, &rows);
  return copied(found, rows, ticks);
}
inline bool SymbolInfoTick(const string &symbol, MqlTick &tick) {
  const void *rows = nullptr;
  int count = host().ticks(symbol.utf8().c_str(), (uint)COPY_TICKS_ALL, 0, LATEST_QUOTE, 1, &rows);
  if (count != 1) return fails(count < 0 ? -count : ERR_MARKET_NOT_SELECTED);
  memcpy((void *)&tick, rows, sizeof tick);
  return true;
}
inline int copied_rates(const string &symbol, int timeframe, RatesBy by, long64 first, long64 second,
                        View<MqlRates> rates) {
  const void *rows = nullptr;
  int frame = timeframe ? timeframe : host().period;
  int found = host().rates(symbol.utf8().c_str(), frame, by, first, second, &rows);
  return copied(found, rows, rates);
}
inline int CopyRates(const string &symbol, ENUM_TIMEFRAMES timeframe, int start, int count, View<MqlRates> rates) {
  return copied_rates(symbol, timeframe, BY_POSITION, start, count, rates);
}
inline int CopyRates(const string &symbol, ENUM_TIMEFRAMES timeframe, datetime start, int count, View<MqlRates> rates) {
  return copied_rates(symbol, timeframe, BY_TIME_AND_COUNT, start, count, rates);
}
inline int CopyRates(const string &symbol, ENUM_TIMEFRAMES timeframe, datetime start, datetime stop,
                     View<MqlRates> rates) {
  return copied_rates(symbol, timeframe, BY_TIMES, start, stop, rates);
}
inline int Bars(const string &symbol, ENUM_TIMEFRAMES timeframe) {
  Array<MqlRates> rates;
  return std::max(CopyRates(symbol, timeframe, 0, INT_MAX, rates), 0);
}
inline long64 SeriesInfoInteger(const string &symbol, ENUM_TIMEFRAMES timeframe, ENUM_SERIES_INFO_INTEGER which) {
  if (which == SERIES_SYNCHRONIZED) return SymbolIsSynchronized(symbol);
  Array<MqlRates> rates;
  int count = CopyRates(symbol, timeframe, 0, INT_MAX, rates);
  if (which == SERIES_BARS_COUNT) return std::max(count, 0);
  return count > 0 ? rates[which == SERIES_LASTBAR_DATE ? count - 1 : 0].time : 0;
}
inline datetime iTime(const string &symbol, ENUM_TIMEFRAMES timeframe, int shift) {
  Array<MqlRates> rates;
  return CopyRates(symbol, timeframe, shift, 1, rates) == 1 ? rates[0].time : 0;
}
inline int PeriodSeconds(ENUM_TIMEFRAMES timeframe = PERIOD_CURRENT) {
  int frame = timeframe ? timeframe : host().period;
  return frame == PERIOD_MN1  ? 2592000
         : frame == PERIOD_W1 ? 604800
         : frame > 16384      ? (frame - 16384) * 3600
                              : frame * 60;
}

// -- positions, orders, history
// ----------------------------------------------------------------------------------------
inline ulong ticket_at(HostDomain domain, int index, int error) {
  ulong ticket = (ulong)host().pool(domain, WHICH_TICKET, index, 0);
  if (!ticket) fails(error);
  return ticket;
}
inline bool choose(HostDomain domain, ulong ticket, ulong &chosen, int error) {
  return host().pool(domain, IS_THERE, (long64)ticket, 0) ? (chosen = ticket, true) : fails(error);
}
inline int PositionsTotal() { return (int)host().pool(OF_POSITION, HOW_MANY, 0, 0); }
inline bool PositionSelectByTicket(ulong ticket) {
  return choose(OF_POSITION, ticket, chosen_position, ERR_TRADE_POSITION_NOT_FOUND);
}
inline ulong PositionGetTicket(int index) {
  ulong ticket = ticket_at(OF_POSITION, index, ERR_TRADE_POSITION_NOT_FOUND);
  return ticket ? chosen_position = ticket : 0;
}
inline string PositionGetSymbol(int index) {
  return PositionGetTicket(index) ? PositionGetString(POSITION_SYMBOL) : string("");
}
inline bool PositionSelect(const string &symbol) {
  for (int i = 0; i < PositionsTotal(); i++)
    if (PositionGetSymbol(i) == symbol) return true;
  return fails(ERR_TRADE_POSITION_NOT_FOUND);
}
inline int OrdersTotal() { return (int)host().pool(OF_ORDER, HOW_MANY, 0, 0); }
inline bool OrderSelect(ulong ticket) { return choose(OF_ORDER, ticket, chosen_order, ERR_TRADE_ORDER_NOT_FOUND); }
inline ulong OrderGetTicket(int index) {
  ulong ticket = ticket_at(OF_ORDER, index, ERR_TRADE_ORDER_NOT_FOUND);
  return ticket ? chosen_order = ticket : 0;
}
inline bool HistorySelect(datetime from, datetime to) { return host().pool(OF_DEAL, SELECT_RANGE, from, to) != 0; }
inline bool HistorySelectByPosition(long64 position) { return host().pool(OF_DEAL, SELECT_POSITION, position, 0) != 0; }
inline int HistoryDealsTotal() { return (int)host().pool(OF_DEAL, HOW_MANY, 0, 0); }
inline ulong HistoryDealGetTicket(int index) { return ticket_at(OF_DEAL, index, ERR_TRADE_DEAL_NOT_FOUND); }
inline bool HistoryDealSelect(ulong ticket) {
  return host().pool(OF_DEAL, IS_THERE, (long64)ticket, 0) ? true : fails(ERR_TRADE_DEAL_NOT_FOUND);
}
inline int HistoryOrdersTotal() { return (int)host().pool(OF_PAST_ORDER, HOW_MANY, 0, 0); }
inline ulong HistoryOrderGetTicket(int index) { return ticket_at(OF_PAST_ORDER, index, ERR_TRADE_ORDER_NOT_FOUND); }
inline bool HistoryOrderSelect(ulong ticket) {
  return host().pool(OF_PAST_ORDER, IS_THERE, (long64)ticket, 0) ? true : fails(ERR_TRADE_ORDER_NOT_FOUND);
}

// -- requests
// ----------------------------------------------------------------------------------------------------------
inline HostRequest lent(const MqlTradeRequest &r) {
  HostRequest out = {};
  out.action = r.action, out.type = r.type, out.type_filling = r.type_filling, out.type_time = r.type_time;
  out.magic = r.magic, out.order = r.order, out.position = r.position, out.position_by = r.position_by;
  out.deviation = r.deviation, out.volume = r.volume, out.price = r.price, out.stoplimit = r.stoplimit;
  out.sl = r.sl, out.tp = r.tp, out.expiration = r.expiration;
  copy_text(out.symbol, sizeof out.symbol, r.symbol);
  copy_text(out.comment, sizeof out.comment, r.comment);
  return out;
}
inline MqlTradeRequest taken(const HostRequest &r) {
  MqlTradeRequest out = {};
  out.action = (ENUM_TRADE_REQUEST_ACTIONS)r.action, out.type = (ENUM_ORDER_TYPE)r.type;
  out.type_filling = (ENUM_ORDER_TYPE_FILLING)r.type_filling, out.type_time = (ENUM_ORDER_TYPE_TIME)r.type_time;
  out.magic = r.magic, out.order = r.order, out.position = r.position, out.position_by = r.position_by;
  out.deviation = r.deviation, out.volume = r.volume, out.price = r.price, out.stoplimit = r.stoplimit;
  out.sl = r.sl, out.tp = r.tp, out.expiration = r.expiration;
  out.symbol = string(r.symbol), out.comment = string(r.comment);
  return out;
}
inline MqlTradeResult taken(const HostResult &r) {
  return {r.retcode, r.deal, r.order,           r.volume,     r.price,
          r.bid,     r.ask,  string(r.comment), r.request_id, r.retcode_external};
}
inline bool traded(TradeMode mode, const MqlTradeRequest &request, HostResult &result) {
  HostRequest out = lent(request);
  return host().trade(mode, &out, &result) ? true : fails(ERR_TRADE_SEND_FAILED);
}
[[nodiscard]] inline bool OrderSend(const MqlTradeRequest &request, MqlTradeResult &result) {
  HostResult found = {};
  bool ok = traded(SEND_NOW, request, found);
  return result = taken(found), ok;
}
[[nodiscard]] inline bool OrderSendAsync(const MqlTradeRequest &request, MqlTradeResult &result) {
  HostResult found = {};
  bool ok = traded(SEND_LATER, request, found);
  return result = taken(found), ok;
}
[[nodiscard]] inline bool OrderCheck(const MqlTradeRequest &request, MqlTradeCheckResult &result) {
  HostResult found = {};
  bool ok = traded(CHECK_ONLY, request, found);
  result = {found.retcode, found.balance,     found.equity,       found.profit,
            found.margin,  found.margin_free, found.margin_level, string(found.comment)};
  return ok;
}

// -- global variables
// --------------------------------------------------------------------------------------------------
inline bool global(GlobalQuestion question, const string &name, double &value) {
  return host().global_variable(question, name.utf8().c_str(), &value) != 0;
}
inline bool GlobalVariableCheck(const string &name) {
  double value = 0;
  return global(GLOBAL_CHECK, name, value);
}
inline bool GlobalVariableGet(const string &name, double &value) {
  return global(GLOBAL_GET, name, value) ? true : fails(ERR_GLOBALVARIABLE_NOT_FOUND);
}
inline double GlobalVariableGet(const string &name) {
  double value = 0;
  return GlobalVariableGet(name, value) ? value : 0;
}
inline datetime GlobalVariableSet(const string &name, double value) {
  return global(GLOBAL_SET, name, value) ? TimeLocal() : 0;
}
inline bool GlobalVariableDel(const string &name) {
  double value = 0;
  return global(GLOBAL_DELETE, name, value) ? true : fails(ERR_GLOBALVARIABLE_NOT_FOUND);
}
inline datetime GlobalVariableTime(const string &name) {
  double value = 0;
  return global(GLOBAL_TIME, name, value) ? (datetime)value : 0;
}
inline bool GlobalVariableTemp(const string &name) {
  return !GlobalVariableCheck(name) && GlobalVariableSet(name, 0) ? true : fails(ERR_GLOBALVARIABLE_EXISTS);
}
inline bool GlobalVariableSetOnCondition(const string &name, double value, double expected) {
  double now = 0;
  if (!GlobalVariableGet(name, now)) return false;
  return now == expected && GlobalVariableSet(name, value) != 0;
}
inline int GlobalVariablesTotal() {
  double value = 0;
  return global(GLOBAL_COUNT, string(""), value) ? (int)value : 0;
}
inline void GlobalVariablesFlush() {
  double value = 0;
  global(GLOBAL_FLUSH, string(""), value);
}

// -- calendar
// ----------------------------------------------------------------------------------------------------------
inline int calendar(CalendarQuestion question, ulong number, long64 from, long64 to, const string &country,
                    const string &currency, const HostCalendarRow **rows) {
  int count = host().calendar(question, number, from, to, country.utf8().c_str(), currency.utf8().c_str(), rows);
  return count < 0 ? (fails(-count), -1) : count;
}
inline void take(const HostCalendarRow &row, MqlCalendarCountry &country) {
  country = {row.number,           string(row.texts[0]), string(row.texts[1]),
             string(row.texts[2]), string(row.texts[3]), string("")};
}
inline void take(const HostCalendarRow &row, MqlCalendarEvent &event) {
  const int64_t *n = row.integers;
  event = {row.number,
           (ENUM_CALENDAR_EVENT_TYPE)n[0],
           (ENUM_CALENDAR_EVENT_SECTOR)n[1],
           (ENUM_CALENDAR_EVENT_FREQUENCY)n[2],
           (ENUM_CALENDAR_EVENT_TIMEMODE)n[3],
           row.other,
           (ENUM_CALENDAR_EVENT_UNIT)n[4],
           (ENUM_CALENDAR_EVENT_IMPORTANCE)n[5],
           (ENUM_CALENDAR_EVENT_MULTIPLIER)n[6],
           (uint)n[7],
           string(row.texts[0]),
           string(row.texts[1]),
           string(row.texts[2])};
}
inline void take(const HostCalendarRow &row, MqlCalendarValue &value) {
  const int64_t *n = row.integers;
  value = {row.number, row.other, n[0], n[1], (int)n[2], n[3], n[4], n[5], n[6], (ENUM_CALENDAR_EVENT_IMPACT)n[7]};
}
template <class T> bool calendar_one(CalendarQuestion question, ulong number, T &target) {
  const HostCalendarRow *rows = nullptr;
  if (calendar(question, number, 0, 0, string(), string(), &rows) != 1) return fails(ERR_CALENDAR_NO_DATA);
  return take(rows[0], target), true;
}
template <class T> int calendar_all(int count, const HostCalendarRow *rows, View<T> target) {
  if (count < 0) return -1;
  target.resize(count);
  for (int i = 0; i < std::min(count, target.size()); i++) take(rows[i], target[i]);
  return std::min(count, target.size());
}
inline bool CalendarCountryById(ulong number, MqlCalendarCountry &country) {
  return calendar_one(COUNTRY_BY_ID, number, country);
}
inline bool CalendarEventById(ulong number, MqlCalendarEvent &event) {
  return calendar_one(EVENT_BY_ID, number, event);
}
inline bool CalendarValueById(ulong number, MqlCalendarValue &value) {
  return calendar_one(VALUE_BY_ID, number, value);
}
inline int CalendarCountries(View<MqlCalendarCountry> countries) {
  const HostCalendarRow *rows = nullptr;
  int count = calendar(COUNTRIES, 0, 0, 0, string(), string(), &rows);
  return calendar_all(count, rows, countries);
}
inline int CalendarEventByCountry(const string &code, View<MqlCalendarEvent> events) {
  const HostCalendarRow *rows = nullptr;
  int count = calendar(EVENTS, 0, 0, 0, code, string(), &rows);
  return calendar_all(count, rows, events);
}
inline int CalendarEventByCurrency(const string &currency, View<MqlCalendarEvent> events) {
  const HostCalendarRow *rows = nullptr;
  int count = calendar(EVENTS, 0, 0, 0, string(), currency, &rows);
  return calendar_all(count, rows, events);
}
inline bool CalendarValueHistory(View<MqlCalendarValue> values, datetime from, datetime to = 0,
                                 const string &country = string(), const string &currency = string()) {
  const HostCalendarRow *rows = nullptr;
  int count = calendar(VALUES, 0, from, to ? to : LLONG_MAX, country, currency, &rows);
  return calendar_all(count, rows, values) >= 0;
}
// With a change of 0 it only tells the latest one; the host gives that in front of the values.
inline int CalendarValueLast(ulong &change, View<MqlCalendarValue> values, const string &country = string(),
                             const string &currency = string()) {
  const HostCalendarRow *rows = nullptr;
  bool is_first = change == 0;
  int count = calendar(VALUES_SINCE, change, 0, 0, country, currency, &rows);
  if (count < 1) return -1;
  change = rows[0].number;
  return calendar_all(is_first ? 0 : count - 1, rows + 1, values);
}
} // namespace mql
