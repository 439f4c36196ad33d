// Strings, conversions, printing, math: the part of MQL5 that needs no terminal.
#pragma once
#include "arrays.hpp"

namespace mql {
// -- characters and bytes
// ---------------------------------------------------------------------------------------------- CP_ACP depends on the
// terminal's machine; here it is Latin-1, and what that lacks becomes '?'
inline std::string encoded(const string &text, uint codepage) {
  if (codepage == 65001) return text.utf8();
  std::string bytes;
  for (char16_t unit : text.units()) bytes += unit < 256 ? (char)unit : '?';
  return bytes;
}
inline string decoded(std::string_view bytes, uint codepage) {
  if (codepage == 65001) return string(bytes);
  std::u16string units;
  for (char byte : bytes) units += (char16_t)(uchar)byte;
  return string(units);
}
// Copies the terminating 0, too, unless `count` leaves no room for it; a dynamic array grows and never shrinks.
inline int StringToCharArray(const string &text, View<uchar> array, int start = 0, int count = -1, uint codepage = 0) {
  std::string bytes = encoded(text, codepage);
  int all = (int)bytes.size() + 1;
  if (start < 0) return fails(4003);
  count = count < 0 || count > all ? all : count;
  if (!array.hold(start + count)) count = std::max(array.size() - start, 0);
  memcpy(array.data() + start, bytes.c_str(), (size_t)count);
  return count;
}
// Up to the first 0, the count, or the array's end.
inline string CharArrayToString(ConstView<uchar> array, int start = 0, int count = -1, uint codepage = 0) {
  int end = count < 0 ? array.size() : std::min(start + count, array.size());
  int stop = std::max(start, 0);
  while (stop < end && array.data()[stop]) stop++;
  return start < 0 || start >= stop ? string("")
                                    : decoded({(const char *)array.data() + start, (size_t)(stop - start)}, codepage);
}
inline int StringToShortArray(const string &text, View<ushort> array, int start = 0, int count = -1) {
  int all = (int)text.units().size() + 1;
  count = count < 0 || count > all ? all : count;
  if (!array.hold(start + count)) count = std::max(array.size() - start, 0);
  for (int i = 0; i < count; i++) array.data()[start + i] = text[i];
  return count;
}
inline string ShortArrayToString(ConstView<ushort> array, int start = 0, int count = -1) {
  std::u16string units;
  for (int i = start; i < array.size() && (count < 0 || i < start + count) && array.data()[i]; i++)
    units += (char16_t)array.data()[i];
  return string(units);
}
inline string CharToString(uchar code) { return decoded(std::string(1, (char)code), 0); }
inline string ShortToString(ushort code) { return string(std::u16string(1, (char16_t)code)); }

// -- string functions
// --------------------------------------------------------------------------------------------------
inline int StringLen(const string &text) { return (int)text.units().size(); }
inline string StringSubstr(const string &text, int start, int length = -1) {
  if (start < 0 || start >= StringLen(text)) return string("");
  return string(text.units().substr((size_t)start, length < 0 ? std::u16string::npos : (size_t)length));
}
inline int StringFind(const string &text, const string &wanted, int start = 0) {
  auto place = start < 0 ? std::u16string::npos : text.units().find(wanted.units(), (size_t)start);
  return place == std::u16string::npos ? -1 : (int)place;
}
inline ushort StringGetCharacter(const string &text, int at) { return text[at]; }
inline bool StringSetCharacter(string &text, int at, ushort value) {
  if (at < 0 || at > StringLen(text)) return fails(4003);
  if (!value) return text.change().resize((size_t)at), true;
  if (at == StringLen(text))
    text.change() += (char16_t)value;
  else
    text.change()[(size_t)at] = (char16_t)value;
  return true;
}
inline int StringReplace(string &text, const string &old, const string &fresh) {
  int count = 0;
  size_t at = 0, length = old.units().size();
  while (length && (at = text.units().find(old.units(), at)) != std::u16string::npos) {
    text.change().replace(at, length, fresh.units());
    at += fresh.units().size();
    count++;
  }
  return count;
}
inline int StringSplit(const string &text, ushort separator, View<string> parts) {
  parts.resize(0);
  if (text.units().empty()) return 0;
  size_t from = 0;
  for (int count = 1;; count++) {
    size_t to = text.units().find((char16_t)separator, from);
    parts.resize(count);
    parts[count - 1] = string(text.units().substr(from, to - from));
    if (to == std::u16string::npos) return count;
    from = to + 1;
  }
}
inline bool is_blank(char16_t unit) { return unit == ' ' || (unit >= 9 && unit <= 13); }
inline int StringTrimLeft(string &text) {
  auto &units = text.change();
  auto first = std::find_if_not(units.begin(), units.end(), is_blank);
  int count = (int)(first - units.begin());
  units.erase(units.begin(), first);
  return count;
}
inline int StringTrimRight(string &text) {
  int count = 0;
  for (auto &units = text.change(); !units.empty() && is_blank(units.back()); count++) units.pop_back();
  return count;
}
inline bool StringToUpper(string &text) {
  for (auto &unit : text.change())
    if (unit >= 'a' && unit <= 'z') unit = (char16_t)(unit - 32);
  return true;
}
inline bool StringToLower(string &text) {
  for (auto &unit : text.change())
    if (unit >= 'A' && unit <= 'Z') unit = (char16_t)(unit + 32);
  return true;
}
inline int StringCompare(const string &a, const string &b, bool is_case_sensitive = true) {
  string left = a, right = b;
  if (!is_case_sensitive) StringToUpper(left), StringToUpper(right);
  return left < right ? -1 : left > right ? 1 : 0;
}
inline bool StringAdd(string &text, const string &more) { return text += more, true; }
inline bool StringFill(string &text, ushort value) {
  return std::fill(text.change().begin(), text.change().end(), (char16_t)value), true;
}
inline bool StringInit(string &text, int length = 0, ushort value = 0) {
  return text.change().assign((size_t)length, (char16_t)value), true;
}

// -- conversions
// -------------------------------------------------------------------------------------------------------
inline long64 StringToInteger(const string &text) { return (long64)text; }
inline double StringToDouble(const string &text) { return (double)text; }
inline string IntegerToString(long64 value, int length = 0, ushort fill = ' ') {
  std::string digits = std::to_string(value);
  int gap = length - (int)digits.size();
  return string(std::u16string(gap > 0 ? (size_t)gap : 0, (char16_t)fill)) + string(digits);
}
inline string DoubleToString(double value, int digits = 8) {
  char buffer[400];
  if (digits < 0)
    snprintf(buffer, sizeof buffer, "%.*e", std::min(-digits, 16), value);
  else
    snprintf(buffer, sizeof buffer, "%.*f", std::min(digits, 16), value);
  return string(buffer);
}
inline string TimeToString(datetime moment, int flags = 3) { return string(moment_text(moment, flags)); }
inline datetime StringToTime(const string &text) {
  int y = 1970, mo = 1, d = 1, h = 0, mi = 0, s = 0;
  if (sscanf(text.utf8().c_str(), "%d.%d.%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s) < 3) return fails(4003);
  struct tm parts = {};
  parts.tm_year = y - 1900, parts.tm_mon = mo - 1, parts.tm_mday = d, parts.tm_hour = h, parts.tm_min = mi,
  parts.tm_sec = s;
  return timegm(&parts);
}
inline double NormalizeDouble(double value, int digits) {
  double scale = std::pow(10.0, digits), scaled = std::fabs(value) * scale;
  return std::copysign(std::floor(scaled + 0.5 + scaled * DBL_EPSILON) / scale, value);
}

// -- printing
// ----------------------------------------------------------------------------------------------------------
template <class T> string text_of(const T &value) {
  if constexpr (std::is_same_v<T, string>)
    return value;
  else
    return string(value);
}
inline void bad_format(const char *why) { fault(std::string("StringFormat: ") + why); }

// One argument for one place of a format. MQL5 takes the width from the argument, not from l, ll or I64.
template <class T> std::string format_one(std::string place, char letter, const T &value) {
  char buffer[1024];
  if (letter == 's') {
    snprintf(buffer, sizeof buffer, (place + 's').c_str(), text_of(value).utf8().c_str());
  } else if constexpr (std::is_same_v<T, string>) {
    bad_format("a string where a number is wanted");
  } else if (strchr("fFeEgGaA", letter)) {
    snprintf(buffer, sizeof buffer, (place + letter).c_str(), (double)value);
  } else if (letter == 'c' || letter == 'C') {
    return ShortToString((ushort)value).utf8();
  } else if (strchr("di", letter)) {
    snprintf(buffer, sizeof buffer, (place + "lld").c_str(), (long long)value);
  } else if (strchr("uxXo", letter)) {
    unsigned long long number = (unsigned long long)(long long)value;
    if constexpr (sizeof(T) < 8 && !std::is_floating_point_v<T>) number &= 0xFFFFFFFFull;
    snprintf(buffer, sizeof buffer, (place + "ll" + letter).c_str(), number);
  } else {
    bad_format("unknown specifier");
  }
  return buffer;
}
inline std::string format_rest(const char *format) {
  std::string text;
  for (; *format; text += *format++)
    if (*format == '%' && *++format != '%') bad_format("too few arguments");
  return text;
}
template <class T, class... Rest> std::string format_rest(const char *format, const T &value, const Rest &...rest) {
  std::string text;
  for (; *format; text += *format++) {
    if (*format != '%') continue;
    if (*++format == '%') continue;
    std::string place = "%";
    while (*format && strchr("-+ #0123456789.", *format)) place += *format++;
    if (!strncmp(format, "I64", 3) || !strncmp(format, "I32", 3)) format += 3;
    while (*format == 'l' || *format == 'h') format++;
    if (!*format) bad_format("a % without its letter");
    text += format_one(place, *format, value);
    return text + format_rest(format + 1, rest...);
  }
  return text;
}
template <class... T> string StringFormat(const string &format, const T &...values) {
  return string(format_rest(format.utf8().c_str(), values...));
}
template <class... T> int StringConcatenate(string &target, const T &...values) {
  target = (string("") + ... + text_of(values));
  return StringLen(target);
}
enum LogLevel { PRINTED, ALERTED, COMMENTED, FAULTED };
inline void write_log(LogLevel level, const string &text) { host().log(level, text.utf8().c_str()); }
template <class... T> void Print(const T &...values) { write_log(PRINTED, (string("") + ... + text_of(values))); }
template <class... T> void PrintFormat(const string &format, const T &...values) {
  write_log(PRINTED, StringFormat(format, values...));
}
template <class... T> void Alert(const T &...values) { write_log(ALERTED, (string("") + ... + text_of(values))); }
template <class... T> void Comment(const T &...values) { write_log(COMMENTED, (string("") + ... + text_of(values))); }

// -- math
// --------------------------------------------------------------------------------------------------------------
template <class A, class B> auto MathMax(A a, B b) { return a > b ? a : b; }
template <class A, class B> auto MathMin(A a, B b) { return a < b ? a : b; }
template <class A, class B> auto fmax(A a, B b) { return a > b ? a : b; }
template <class A, class B> auto fmin(A a, B b) { return a < b ? a : b; }
template <class A> A MathAbs(A a) { return a < 0 ? (A)-a : a; }
inline double MathRound(double a) { return std::round(a); }
inline double MathFloor(double a) { return std::floor(a); }
inline double MathCeil(double a) { return std::ceil(a); }
inline double MathPow(double a, double b) { return std::pow(a, b); }
inline double MathSqrt(double a) { return std::sqrt(a); }
inline double MathExp(double a) { return std::exp(a); }
inline double MathLog(double a) { return std::log(a); }
inline double MathLog10(double a) { return std::log10(a); }
inline double MathMod(double a, double b) { return std::fmod(a, b); }
inline bool MathIsValidNumber(double a) { return std::isfinite(a); }
// the sequence of MetaTrader is not documented; any will do as long as a run can be repeated
inline uint random_state = 1;
inline void MathSrand(int seed) { random_state = (uint)seed; }
inline int MathRand() {
  random_state = random_state * 214013u + 2531011u;
  return (int)(random_state >> 16 & 0x7FFF);
}
inline int rand_of_mql() { return MathRand(); }
} // namespace mql
