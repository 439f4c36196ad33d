// What the EA asks on its way from a tick to its decision, answered by compiled code as in a terminal; the rest is passed on.
#include <time.h>
#include <algorithm>
#include <cstring>
#include "host.hpp"

#pragma pack(push, 1)
struct State {  // quick_terminal.py declares the same
  const uint8_t *rows;   // every tick, MqlTick
  const int64_t *times;  // of each [ms]
  int64_t played;        // how many of them the EA may see
  double balance, equity, margin, margin_free;
  int32_t balance_id, equity_id, margin_id, margin_free_id;
  uint8_t *talk;  // what was said and heard: Talk, then its bytes
  int64_t room, used;
};
struct Talk {
  int32_t what;
  uint32_t length;
  int64_t at_ns;
};
#pragma pack(pop)

static State *state;
static Host before;  // the functions lent until now

static int32_t property(int32_t domain, int32_t kind, const char *name, uint64_t ticket, int32_t which, HostValue *value) {
  bool is_money = domain == OF_ACCOUNT && kind == A_DOUBLE;
  if (is_money && which == state->balance_id) value->real = state->balance;
  else if (is_money && which == state->equity_id) value->real = state->equity;
  else if (is_money && which == state->margin_id) value->real = state->margin;
  else if (is_money && which == state->margin_free_id) value->real = state->margin_free;
  else return before.property(domain, kind, name, ticket, which, value);
  return 0;
}
static int64_t pool(int32_t domain, int32_t question, int64_t first, int64_t second) {
  return domain == OF_POSITION && question == HOW_MANY ? 0 : before.pool(domain, question, first, second);
}
static int32_t ticks(const char *symbol, uint32_t flags, int64_t from_msc, int64_t to_msc, uint32_t count, const void **rows) {
  if (from_msc <= 0 || to_msc != NO_END) return before.ticks(symbol, flags, from_msc, to_msc, count, rows);
  int64_t first = std::lower_bound(state->times, state->times + state->played, from_msc) - state->times;
  *rows = state->rows + first * 60;
  return (int32_t)std::min<int64_t>(count, state->played - first);
}
static void traffic(int32_t, int32_t what, const uint8_t *data, uint32_t length) {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  Talk talk = {what, length, now.tv_sec * 1000000000LL + now.tv_nsec};
  int64_t end = state->used + (int64_t)sizeof talk + length;
  if (state->used >= 0 && end <= state->room) {
    memcpy(state->talk + state->used, &talk, sizeof talk);
    if (length) memcpy(state->talk + state->used + sizeof talk, data, length);
  }
  state->used = end <= state->room ? end : INT64_MAX / 2;  // seen by whoever reads
}

extern "C" __attribute__((visibility("default"))) void take_over(Host *host, State *given) {
  state = given, before = *host;
  host->property = property, host->pool = pool, host->ticks = ticks, host->traffic = traffic;
}
