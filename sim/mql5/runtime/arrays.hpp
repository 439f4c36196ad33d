// MQL5's arrays: every index is checked, and one that is out of range ends the EA, as the terminal does it.
#pragma once
#include "core.hpp"

namespace mql {
[[noreturn, gnu::cold, gnu::noinline]] inline void out_of_range(long64 index, int size) {
  fault("array out of range: index " + std::to_string(index) + ", size " + std::to_string(size));
}

// `T a[N]`: laid out like the plain array, so that it may stand in a struct that is sent
template <class T, int N> struct Fixed {
  static_assert(N > 0, "an array needs at least one element");
  typedef T element;
  T cells[N];
  T &operator[](long64 index) { return (ulong)index < (ulong)N ? cells[index] : (out_of_range(index, N), cells[0]); }
  const T &operator[](long64 index) const { return const_cast<Fixed *>(this)->operator[](index); }
};

template <class T> class Array;

// `const T &a[]`: an array of either kind as a parameter. `Array` derives from the views, so that templates of the EA
// deduce T from it; `Fixed` cannot, for it has to keep its layout, and converts.
template <class T> class ConstView {
protected:
  T *fixed_ = nullptr;
  int size_ = 0;
  Array<T> *array_ = nullptr;
  ConstView(T *cells, int size, Array<T> *array) : fixed_(cells), size_(size), array_(array) {}

public:
  typedef T element;
  template <int N> ConstView(const Fixed<T, N> &array) : fixed_(const_cast<T *>(array.cells)), size_(N) {}
  int size() const { return array_ ? array_->size_ : size_; }
  const T *data() const { return array_ ? array_->cells_ : fixed_; }
  bool is_dynamic() const { return array_; }
  bool is_series() const { return array_ && array_->is_series_; }
  const T &operator[](long64 index) const {
    int count = size();
    if ((ulong)index >= (ulong)count) out_of_range(index, count);
    return data()[is_series() ? count - 1 - index : index];
  }
};

// `T &a[]`
template <class T> class View : public ConstView<T> {
protected:
  using ConstView<T>::ConstView;

public:
  template <int N> View(Fixed<T, N> &array) : ConstView<T>(array.cells, N, nullptr) {}
  T *data() const { return const_cast<T *>(ConstView<T>::data()); }
  T &operator[](long64 index) const { return const_cast<T &>(ConstView<T>::operator[](index)); }
  Array<T> *array() const { return this->array_; }
  // the size reached: a fixed array keeps its own
  int resize(int size, int reserve = 0) const {
    return this->array_ ? this->array_->grow(size, reserve) : size <= this->size_ ? this->size_ : -1;
  }
  // room for `size` elements, without ever making a dynamic array shorter
  bool hold(int size) const { return this->size() >= size || resize(size) >= size; }
};

// `T a[]`. New elements of plain types hold a pattern: MetaTrader does not promise zeros either.
template <class T> class Array : public View<T> {
  friend class ConstView<T>;
  friend class View<T>;
  T *cells_ = nullptr;
  int size_ = 0, room_ = 0;
  bool is_series_ = false;

  int grow(int size, int reserve) {
    if (size < 0) return -1;
    if (size > room_) {
      room_ = size + std::max(reserve, 0);
      T *grown = new T[(size_t)room_];
      std::move(cells_, cells_ + size_, grown);
      delete[] cells_;
      cells_ = grown;
    }
    if constexpr (std::is_trivially_copyable_v<T>)
      if (size > size_) memset((void *)(cells_ + size_), 0xCD, sizeof(T) * (size_t)(size - size_));
    return size_ = size;
  }

public:
  Array() : View<T>(nullptr, 0, this) {}
  Array(const Array &other) : Array() { *this = other; }
  ~Array() { delete[] cells_; }
  Array &operator=(const Array &other) {
    if (this != &other) {
      grow(other.size_, 0);
      std::copy(other.cells_, other.cells_ + size_, cells_);
    }
    return *this;
  }
  T &operator[](long64 index) { return View<T>::operator[](index); }
  const T &operator[](long64 index) const { return ConstView<T>::operator[](index); }
  void set_series(bool flag) { is_series_ = flag; }
  void swap(Array &other) {
    std::swap(cells_, other.cells_), std::swap(size_, other.size_), std::swap(room_, other.room_);
  }
};

template <class A> using element_of = typename std::remove_reference_t<A>::element;
template <class A> View<element_of<A>> view_of(A &array) { return array; }
template <class A> ConstView<element_of<A>> const_view_of(const A &array) { return array; }

template <class A> int ArraySize(const A &array) { return const_view_of(array).size(); }
template <class A> int ArrayRange(const A &array, int rank) {
  return rank ? (int)(sizeof(element_of<A>) / sizeof(array[0][0])) : ArraySize(array);
}
template <class A> int ArrayResize(A &&array, int size, int reserve = 0) {
  int reached = view_of(array).resize(size, reserve);
  return reached < 0 || reached < size ? (fails(4007), -1) : reached;
}
template <class A> void ArrayFree(A &&array) { view_of(array).resize(0); }
template <class A> bool ArrayIsDynamic(const A &array) { return const_view_of(array).is_dynamic(); }
template <class A> bool ArraySetAsSeries(A &&array, bool flag) {
  auto view = view_of(array);
  return view.is_dynamic() ? (view.array()->set_series(flag), true) : false;
}
template <class A> bool ArrayGetAsSeries(const A &array) { return const_view_of(array).is_series(); }
template <class A, class V> void ArrayFill(A &&array, int start, int count, V value) {
  for (int i = 0; i < count; i++) array[start + i] = (element_of<A>)value;
}
template <class A, class V> int ArrayInitialize(A &&array, V value) {
  ArrayFill(array, 0, ArraySize(array), value);
  return ArraySize(array);
}
template <class D, class S> int ArrayCopy(D &&target, const S &source, int to = 0, int from = 0, int count = -1) {
  static_assert(std::is_same_v<element_of<D>, element_of<S>>, "ArrayCopy between arrays of one type only");
  auto out = view_of(target);
  auto in = const_view_of(source);
  int left = in.size() - from;
  count = count < 0 || count > left ? left : count;
  if (count <= 0 || to < 0 || from < 0) return fails(4003);
  if (!out.hold(to + count)) count = out.size() - to;
  if ((const void *)(out.data() + to) <= (const void *)(in.data() + from))
    std::copy(in.data() + from, in.data() + from + count, out.data() + to);
  else
    std::copy_backward(in.data() + from, in.data() + from + count, out.data() + to + count);
  return count;
}
template <class A> bool ArrayRemove(A &&array, int start, int count = -1) {
  auto view = view_of(array);
  int size = view.size();
  if (start < 0 || start >= size) return fails(4003);
  count = count < 0 || count > size - start ? size - start : count;
  std::copy(view.data() + start + count, view.data() + size, view.data() + start);
  if (view.is_dynamic()) view.resize(size - count);
  return true;
}
template <class A, class B> bool ArrayInsert(A &&target, const B &source, int to, int from = 0, int count = -1) {
  auto out = view_of(target);
  auto in = const_view_of(source);
  int size = out.size();
  count = count < 0 || count > in.size() - from ? in.size() - from : count;
  if (!out.is_dynamic() || to < 0 || to > size || from < 0 || count < 0) return fails(4003);
  out.resize(size + count);
  std::copy_backward(out.data() + to, out.data() + size, out.data() + size + count);
  std::copy(in.data() + from, in.data() + from + count, out.data() + to);
  return true;
}
template <class A> bool ArrayReverse(A &&array, int start = 0, int count = -1) {
  auto view = view_of(array);
  count = count < 0 ? view.size() - start : count;
  if (start < 0 || start + count > view.size()) return fails(4003);
  std::reverse(view.data() + start, view.data() + start + count);
  return true;
}
template <class T> bool ArraySwap(Array<T> &a, Array<T> &b) { return a.swap(b), true; }
template <class A> bool ArraySort(A &&array) {
  auto view = view_of(array);
  std::sort(view.data(), view.data() + view.size());
  return true;
}
template <class A, class V> int ArrayBsearch(const A &array, V value) {
  auto view = const_view_of(array);
  if (!view.size()) return -1;
  auto found = std::lower_bound(view.data(), view.data() + view.size(), (element_of<A>)value);
  return (int)std::min<long64>(found - view.data(), view.size() - 1);
}
template <class A> int ArrayExtreme(const A &array, int start, int count, bool highest) {
  auto view = const_view_of(array);
  if (start < 0 || start >= view.size()) return -1;
  auto begin = view.data() + start,
       end = count < 0 ? view.data() + view.size() : begin + std::min(count, view.size() - start);
  return (int)((highest ? std::max_element(begin, end) : std::min_element(begin, end)) - view.data());
}
template <class A> int ArrayMaximum(const A &array, int start = 0, int count = -1) {
  return ArrayExtreme(array, start, count, true);
}
template <class A> int ArrayMinimum(const A &array, int start = 0, int count = -1) {
  return ArrayExtreme(array, start, count, false);
}
template <class A, class B> int ArrayCompare(const A &a, const B &b, int start_a = 0, int start_b = 0, int count = -1) {
  for (int i = 0; count < 0 || i < count; i++) {
    bool a_ends = start_a + i >= ArraySize(a), b_ends = start_b + i >= ArraySize(b);
    if (a_ends || b_ends) return (int)b_ends - (int)a_ends;
    if (a[start_a + i] != b[start_b + i]) return a[start_a + i] < b[start_b + i] ? -1 : 1;
  }
  return 0;
}

// MetaEditor refuses both for structs with strings, dynamic arrays or classes in them; so does the compiler here
template <class S> bool StructToCharArray(const S &value, View<uchar> bytes, uint start = 0) {
  static_assert(std::is_trivially_copyable_v<S>, "StructToCharArray: a struct without strings and dynamic arrays");
  if (!bytes.hold((int)(start + sizeof(S)))) return fails(5052);
  memcpy(bytes.data() + start, &value, sizeof(S));
  return true;
}
template <class S> bool CharArrayToStruct(S &value, ConstView<uchar> bytes, uint start = 0) {
  static_assert(std::is_trivially_copyable_v<S>, "CharArrayToStruct: a struct without strings and dynamic arrays");
  if (start + sizeof(S) > (size_t)bytes.size()) return fails(5052);
  memcpy((void *)&value, bytes.data() + start, sizeof(S));
  return true;
}
template <class S> void ZeroMemory(S &value) {
  if constexpr (std::is_trivially_copyable_v<S>)
    memset((void *)&value, 0, sizeof value);
  else
    value = S();
}
template <class T> void ZeroMemory(Array<T> &array) {
  for (int i = 0; i < array.size(); i++) ZeroMemory(array[i]);
}
template <class T> void ZeroMemory(View<T> array) {
  for (int i = 0; i < array.size(); i++) ZeroMemory(array[i]);
}
} // namespace mql
