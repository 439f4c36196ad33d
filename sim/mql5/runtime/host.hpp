// What the EA and its host (Python, ctypes) share: plain structs, packed, and functions the host lends.
// sim/mql5/abi.py declares the same; HOST_ABI and the size of Host are compared when the EA is loaded.
#pragma once
#include <cstdint>

#pragma pack(push, 1)
struct HostValue {
  int64_t integer;
  double real;
  char text[256];
};
struct HostRequest {
  int32_t action, type, type_filling, type_time;
  uint64_t magic, order, position, position_by, deviation;
  double volume, price, stoplimit, sl, tp;
  int64_t expiration;
  char symbol[64], comment[128];
};
struct HostResult {
  uint32_t retcode, request_id;
  int32_t retcode_external;
  uint64_t deal, order;
  double volume, price, bid, ask;
  double balance, equity, profit, margin, margin_free, margin_level;
  char comment[128];
};
struct HostTransaction {
  int32_t type, order_type, order_state, deal_type, time_type;
  uint64_t deal, order, position, position_by;
  int64_t time_expiration;
  double price, price_trigger, price_sl, price_tp, volume;
  char symbol[64];
};
struct HostCalendarRow { // a country, an event or a value, by what was asked for
  uint64_t number, other;
  int64_t integers[10];
  char texts[4][128];
};
struct Host {
  uint32_t size, abi;
  // the terminal's clocks; the EA itself moves them on where it waits
  int64_t machine_us;      // GetMicrosecondCount
  int64_t server_msc;      // TimeTradeServer [ms]
  int64_t quote_msc;       // TimeCurrent [ms]
  int64_t server_offset_s; // broker's clock minus UTC
  // the chart
  char symbol[64];
  int32_t period, digits;
  double point;
  // sockets
  int32_t faults;        // SocketFault bits
  int32_t patience_ms;   // real time reads may take before the EA's clock moves; 0: their timeouts
  int64_t drop_after;    // bytes heard after which the connection breaks; negative: never
  int32_t is_stopped;    // IsStopped()
  int32_t deinit_reason; // UninitializeReason()
  const char *inputs;    // lines of name=value
  const char *files_dir, *common_dir;

  void (*log)(int32_t level, const char *text);
  int32_t (*property)(int32_t domain, int32_t kind, const char *name, uint64_t ticket, int32_t which, HostValue *);
  int64_t (*pool)(int32_t domain, int32_t question, int64_t first, int64_t second);
  int32_t (*trade)(int32_t mode, const HostRequest *, HostResult *);
  double (*estimate)(int32_t what, int32_t type, const char *symbol, double volume, double price, double close);
  int32_t (*ticks)(const char *symbol, uint32_t flags, int64_t from_msc, int64_t to_msc, uint32_t count,
                   const void **rows);
  int32_t (*rates)(const char *symbol, int32_t timeframe, int32_t by, int64_t first, int64_t second, const void **rows);
  int32_t (*session)(const char *symbol, int32_t day, uint32_t index, int64_t *from_s, int64_t *to_s);
  int32_t (*global_variable)(int32_t question, const char *name, double *value);
  int32_t (*calendar)(int32_t question, uint64_t number, int64_t from, int64_t to, const char *country,
                      const char *currency, const HostCalendarRow **rows);
  void (*timer)(int32_t period_ms);
  void (*traffic)(int32_t socket, int32_t what, const uint8_t *data, uint32_t length);
  void (*remove)();
};
#pragma pack(pop)

enum : int32_t { HOST_ABI = 1 };
enum HostDomain : int32_t { OF_ACCOUNT, OF_SYMBOL, OF_POSITION, OF_ORDER, OF_PAST_ORDER, OF_DEAL, OF_TERMINAL, OF_MQL };
enum HostKind : int32_t { AN_INTEGER, A_DOUBLE, A_STRING };
enum PoolQuestion : int32_t { HOW_MANY, WHICH_TICKET, IS_THERE, SELECT_RANGE, SELECT_POSITION };
enum TradeMode : int32_t { SEND_NOW, SEND_LATER, CHECK_ONLY };
enum TicksUntil : int64_t { NO_END = -1, LATEST_QUOTE = -2 };
enum RatesBy : int32_t { BY_POSITION, BY_TIME_AND_COUNT, BY_TIMES };
enum GlobalQuestion : int32_t {
  GLOBAL_GET,
  GLOBAL_SET,
  GLOBAL_CHECK,
  GLOBAL_DELETE,
  GLOBAL_TIME,
  GLOBAL_FLUSH,
  GLOBAL_COUNT
};
enum CalendarQuestion : int32_t { COUNTRY_BY_ID, EVENT_BY_ID, VALUE_BY_ID, COUNTRIES, EVENTS, VALUES, VALUES_SINCE };
enum SocketFault : int32_t {
  IS_READABLE_GUESSES = 1,
  READ_WAITS_FOR_ALL = 2,
  READ_DRIBBLES = 4,
  REFUSED_BY_LIST = 8,
  REFUSED_BY_PEER = 16
};
enum Traffic : int32_t { SENT, HEARD, CONNECTED, ENDED };
