// Between the EA and its host: inputs, event handlers, and what happens when one of them faults.
#pragma once
#include "terminal.hpp"

namespace mql {
// -- inputs
// ------------------------------------------------------------------------------------------------------------
struct Inputs {
  static std::vector<std::string> &names() {
    static std::vector<std::string> known;
    return known;
  }
  // what the host wants this input to be, if anything
  static bool wanted(const char *name, std::string &value) {
    std::string lines = host().inputs ? host().inputs : "";
    for (size_t at = 0, end = 0; at < lines.size(); at = end + 1) {
      end = std::min(lines.find('\n', at), lines.size());
      size_t equals = lines.find('=', at);
      if (equals < end && lines.substr(at, equals - at) == name)
        return value = lines.substr(equals + 1, end - equals - 1), true;
    }
    return false;
  }
};
template <class T> T input_value(const char *name, T value) {
  Inputs::names().push_back(name);
  std::string text;
  if (!Inputs::wanted(name, text)) return value;
  if constexpr (std::is_same_v<T, string>)
    return string(text);
  else if constexpr (std::is_same_v<T, bool>)
    return text == "true" || text == "1";
  else if constexpr (std::is_floating_point_v<T>)
    return (T)strtod(text.c_str(), nullptr);
  else if constexpr (std::is_same_v<T, datetime>)
    return text.find('.') == std::string::npos ? atol(text.c_str()) : StringToTime(string(text));
  else
    return (T)(text[0] == '-' ? (ulong)strtoll(text.c_str(), nullptr, 10) : strtoull(text.c_str(), nullptr, 10));
}
#define MQL_INPUT(type, name, value)                                                                                   \
  static type name##_of_host = mql::input_value<type>(#name, value);                                                   \
  static const type &name = name##_of_host;

// -- handlers
// ----------------------------------------------------------------------------------------------------------
inline std::string &fault_text = *new std::string; // outlives the EA's globals
inline sigjmp_buf fault_exit;
inline volatile sig_atomic_t is_inside = 0;

// a division by zero is made a trap by the compiler's flags, and is a fault of its own on some processors
inline void on_division(int number) {
  if (is_inside) siglongjmp(fault_exit, 1);
  signal(number, SIG_DFL);
  raise(number);
}
inline bool watch_divisions() {
  for (int number : {SIGFPE, SIGILL, SIGTRAP}) signal(number, on_division);
  return true;
}
inline int stopped_by(const char *handler, const char *why) {
  fault_text = std::string(handler) + ": " + why;
  write_log(FAULTED, string(fault_text));
  return -1;
}
// A handler that faults has removed the EA from its chart: nothing of it runs again.
template <class F> int guarded(const char *handler, F body) {
  if (!fault_text.empty()) return -1;
  static const bool is_watched = watch_divisions();
  (void)is_watched;
  if (sigsetjmp(fault_exit, 1)) return is_inside = 0, stopped_by(handler, "zero divide");
  int result = -1;
  is_inside = 1;
  try {
    result = body();
  } catch (const Fault &fault) {
    stopped_by(handler, fault.what());
  } catch (const std::bad_alloc &) {
    stopped_by(handler, "out of memory");
  }
  is_inside = 0;
  return result;
}
// -- the end
// -----------------------------------------------------------------------------------------------------------
// Destructors of the EA's globals run after OnDeinit, as in the terminal, and not when the process ends: by then there
// is no host to call any more, and an EA that was killed runs none.
struct Ending {
  void (*run)(void *);
  void *object;
};
inline std::vector<Ending> *endings = nullptr;
inline int finish() {
  return guarded("destructors", [] {
    for (; endings && !endings->empty();) {
      Ending last = endings->back();
      endings->pop_back();
      last.run(last.object);
    }
    return 0;
  });
}
inline MqlTradeTransaction taken(const HostTransaction &t) {
  return {t.deal,
          t.order,
          string(t.symbol),
          (ENUM_TRADE_TRANSACTION_TYPE)t.type,
          (ENUM_ORDER_TYPE)t.order_type,
          (ENUM_ORDER_STATE)t.order_state,
          (ENUM_DEAL_TYPE)t.deal_type,
          (ENUM_ORDER_TYPE_TIME)t.time_type,
          t.time_expiration,
          t.price,
          t.price_trigger,
          t.price_sl,
          t.price_tp,
          t.volume,
          t.position,
          t.position_by};
}
} // namespace mql

#define MQL_EXPORT extern "C" __attribute__((visibility("default"))) int
#define MQL_SIGNATURE(handler, ...)                                                                                    \
  static_assert(std::is_same_v<decltype(&ea::handler), __VA_ARGS__>,                                                   \
                #handler " has a signature that MetaTrader never calls")
#define MQL_PLAIN(handler)                                                                                             \
  MQL_SIGNATURE(handler, void (*)());                                                                                  \
  MQL_EXPORT ea_##handler() {                                                                                          \
    return mql::guarded(#handler, [] {                                                                                 \
      ea::handler();                                                                                                   \
      return 0;                                                                                                        \
    });                                                                                                                \
  }
#define MQL_HANDLER_OnTick MQL_PLAIN(OnTick)
#define MQL_HANDLER_OnTimer MQL_PLAIN(OnTimer)
#define MQL_HANDLER_OnTrade MQL_PLAIN(OnTrade)
#define MQL_HANDLER_OnInit                                                                                             \
  template <class R> int ea_init_result(R (*init)()) {                                                                 \
    if constexpr (std::is_void_v<R>) {                                                                                 \
      init();                                                                                                          \
      return 0;                                                                                                        \
    } else                                                                                                             \
      return (int)init();                                                                                              \
  }                                                                                                                    \
  MQL_EXPORT ea_OnInit() {                                                                                             \
    return mql::guarded("OnInit", [] { return ea_init_result(&ea::OnInit); });                                         \
  }
#define MQL_HANDLER_OnDeinit                                                                                           \
  MQL_SIGNATURE(OnDeinit, void (*)(int));                                                                              \
  MQL_EXPORT ea_OnDeinit(int reason) {                                                                                 \
    return mql::guarded("OnDeinit", [=] {                                                                              \
      ea::OnDeinit(reason);                                                                                            \
      return 0;                                                                                                        \
    });                                                                                                                \
  }
#define MQL_HANDLER_OnBookEvent                                                                                        \
  MQL_SIGNATURE(OnBookEvent, void (*)(const mql::string &));                                                           \
  MQL_EXPORT ea_OnBookEvent(const char *symbol) {                                                                      \
    return mql::guarded("OnBookEvent", [=] {                                                                           \
      ea::OnBookEvent(mql::string(symbol));                                                                            \
      return 0;                                                                                                        \
    });                                                                                                                \
  }
#define MQL_HANDLER_OnTradeTransaction                                                                                 \
  MQL_SIGNATURE(OnTradeTransaction, void (*)(const mql::MqlTradeTransaction &, const mql::MqlTradeRequest &,           \
                                             const mql::MqlTradeResult &));                                            \
  MQL_EXPORT ea_OnTradeTransaction(const HostTransaction *transaction, const HostRequest *request,                     \
                                   const HostResult *result) {                                                         \
    return mql::guarded("OnTradeTransaction", [=] {                                                                    \
      ea::OnTradeTransaction(mql::taken(*transaction), mql::taken(*request), mql::taken(*result));                     \
      return 0;                                                                                                        \
    });                                                                                                                \
  }
// takes the place of the one in the C library, for this library alone
extern "C" __attribute__((visibility("hidden"))) int __cxa_atexit(void (*run)(void *), void *object, void *) noexcept {
  if (!mql::endings) mql::endings = new std::vector<mql::Ending>;
  mql::endings->push_back({run, object});
  return 0;
}
#define MQL_EXPORTS                                                                                                    \
  MQL_EXPORT ea_finish() { return mql::finish(); }                                                                     \
  MQL_EXPORT ea_wait_readable(int timeout_ms) { return mql::wait_readable(timeout_ms); }                               \
  extern "C" __attribute__((visibility("default"))) const char *ea_fault() { return mql::fault_text.c_str(); }
