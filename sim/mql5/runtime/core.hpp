// MQL5's types in C++: integers of fixed width, datetime as a type of its own, UTF-16 strings, faults that end the EA.
#pragma once
#include <cerrno>
#include <cfloat>
#include <climits>
#include <cmath>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <algorithm>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>
#include <sys/types.h>
#include "host.hpp"

namespace mql {
typedef unsigned char uchar;
typedef unsigned short ushort;
typedef unsigned int uint;
typedef unsigned long ulong;
typedef long long long64;
typedef long datetime; // as wide as long64, and another type: Print() writes it as a date
typedef unsigned int color;
static_assert(sizeof(long) == 8 && sizeof(void *) == 8, "64-bit Linux or macOS");

// -- the host
// ----------------------------------------------------------------------------------------------------------
inline Host &host() {
  static Host *lent = [] {
    // known before the EA's globals are made, because those may use inputs and call functions, as in MetaTrader
    const char *address = getenv("COMPANION_MQL5_HOST");
    Host *found = address ? reinterpret_cast<Host *>(strtoull(address, nullptr, 16)) : nullptr;
    if (!found || found->size != sizeof(Host) || found->abi != HOST_ABI) {
      fprintf(stderr, "this EA was built for another host\n");
      abort();
    }
    return found;
  }();
  return *lent;
}

inline Host &at_load = host(); // while the address is there

// -- faults
// ------------------------------------------------------------------------------------------------------------
struct Fault : std::runtime_error {
  using runtime_error::runtime_error;
};
[[noreturn]] inline void fault(const std::string &what) { throw Fault(what); }

inline int last_error = 0;
inline int fails(int error) { return last_error = error, 0; }

// -- string
// ------------------------------------------------------------------------------------------------------------
struct Null { // NULL: no string, an empty symbol name, the number 0
  operator int() const { return 0; }
};

std::string from_utf16(std::u16string_view);
std::u16string to_utf16(std::string_view);
std::string moment_text(datetime, int flags);

class string {
  std::u16string units_;
  bool is_null_ = true;

public:
  string() = default;
  string(Null) {}
  explicit string(std::u16string units) : units_(std::move(units)), is_null_(false) {}
  explicit string(std::string_view utf8) : string(to_utf16(utf8)) {}
  explicit string(const char *utf8) : string(std::string_view(utf8)) {}
  explicit string(bool value) : string(value ? "true" : "false") {}
  explicit string(datetime value) : string(moment_text(value, 7)) {}
  template <class T, std::enable_if_t<std::is_integral_v<T> || std::is_enum_v<T>, int> = 0> explicit string(T value)
      : string(std::to_string(+static_cast<number_t<T>>(value))) {}
  explicit string(double value) {
    char buffer[64];
    snprintf(buffer, sizeof buffer - 2, "%.16g", value);
    if (!strpbrk(buffer, ".eni")) strcat(buffer, ".0");
    *this = string(buffer);
  }
  explicit string(float value) : string(static_cast<double>(value)) {}

  const std::u16string &units() const { return units_; }
  std::u16string &change() { return is_null_ = false, units_; }
  std::string utf8() const { return from_utf16(units_); }
  bool is_null() const { return is_null_; }
  ushort operator[](long64 at) const {
    return at < 0 || at >= (long64)units_.size() ? (ushort)0 : (ushort)units_[(size_t)at];
  }
  explicit operator long64() const { return strtoll(utf8().c_str(), nullptr, 10); }
  explicit operator int() const { return (int)strtoll(utf8().c_str(), nullptr, 10); }
  explicit operator ulong() const { return strtoull(utf8().c_str(), nullptr, 10); }
  explicit operator double() const { return strtod(utf8().c_str(), nullptr); }

  string &operator+=(const string &other) { return change() += other.units_, *this; }
  friend string operator+(const string &a, const string &b) { return string(a.units_ + b.units_); }
  friend bool operator==(const string &a, const string &b) { return a.units_ == b.units_; }
  friend bool operator!=(const string &a, const string &b) { return a.units_ != b.units_; }
  friend bool operator<(const string &a, const string &b) { return a.units_ < b.units_; }
  friend bool operator>(const string &a, const string &b) { return a.units_ > b.units_; }
  friend bool operator<=(const string &a, const string &b) { return a.units_ <= b.units_; }
  friend bool operator>=(const string &a, const string &b) { return a.units_ >= b.units_; }
  friend bool operator==(const string &a, Null) { return a.is_null_; }
  friend bool operator!=(const string &a, Null) { return !a.is_null_; }

private:
  template <class T, bool = std::is_enum_v<T>> struct number {
    typedef T type;
  };
  template <class T> struct number<T, true> {
    typedef int type;
  };
  template <class T> using number_t = typename number<T>::type;
};

inline std::string from_utf16(std::u16string_view units) {
  std::string text;
  for (size_t i = 0; i < units.size(); i++) {
    uint c = units[i];
    if (c >= 0xD800 && c < 0xDC00 && i + 1 < units.size()) c = 0x10000 + ((c - 0xD800) << 10) + (units[++i] - 0xDC00u);
    int tail = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    text += (char)(tail ? (0xFF << (7 - tail) & 0xFF) | c >> 6 * tail : c);
    while (tail--) text += (char)(0x80 | (c >> 6 * tail & 0x3F));
  }
  return text;
}

// what is no UTF-8 becomes U+FFFD
inline std::u16string to_utf16(std::string_view text) {
  std::u16string units;
  for (size_t i = 0; i < text.size();) {
    uchar lead = (uchar)text[i++];
    int tail = lead < 0x80 ? 0 : lead < 0xC2 ? -1 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : lead < 0xF5 ? 3 : -1;
    uint c = tail <= 0 ? lead : lead & (0x3Fu >> tail);
    for (int k = 0; k < tail; k++) {
      if (i >= text.size() || ((uchar)text[i] & 0xC0) != 0x80) {
        tail = -1;
        break;
      }
      c = c << 6 | ((uchar)text[i++] & 0x3F);
    }
    if (tail < 0) c = 0xFFFD;
    if (c > 0xFFFF) {
      units += (char16_t)(0xD800 + ((c - 0x10000) >> 10));
      c = 0xDC00 + ((c - 0x10000) & 0x3FF);
    }
    units += (char16_t)c;
  }
  return units;
}

inline std::string moment_text(datetime moment, int flags) {
  time_t seconds = moment;
  struct tm parts;
  gmtime_r(&seconds, &parts);
  char day[32] = "", hour[32] = "";
  if (flags & 1) strftime(day, sizeof day, "%Y.%m.%d", &parts);
  if (flags & 6) strftime(hour, sizeof hour, flags & 4 ? "%H:%M:%S" : "%H:%M", &parts);
  return std::string(day) + (*day && *hour ? " " : "") + hour;
}

inline void copy_text(char *target, size_t size, const string &source) {
  snprintf(target, size, "%s", source.utf8().c_str());
}

inline string operator""_ms(const char16_t *units, size_t length) { return string(std::u16string(units, length)); }
} // namespace mql
using mql::operator""_ms;

#define MQL_PACKED _Pragma("pack(push, 1)")
#define MQL_UNPACKED _Pragma("pack(pop)")
#define MQL_CASE(member)                                                                                               \
  if (value == member) return mql::string(#member);
#define MQL_NAMES(how, type, cases)                                                                                    \
  how mql::string EnumToString(type value) { cases return mql::string(#type "::" + std::to_string((int)value)); }
