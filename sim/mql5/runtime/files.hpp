// File*: real files below the terminal's folder, which no name can leave.
#pragma once
#include <dirent.h>
#include <fnmatch.h>
#include <sys/stat.h>
#include <unistd.h>
#include "terminal.hpp"

namespace mql {
struct File {
  FILE *stream = nullptr;
  int flags = 0;
  std::string path;
  ushort delimiter = '\t';
  uint codepage = 0;
};
inline std::vector<File> &files = *new std::vector<File>(64); // outlives the EA's globals

// Where a name leads; empty for one that would leave the folder.
inline std::string path_of(const string &name, int common) {
  std::string text = name.utf8();
  std::replace(text.begin(), text.end(), '\\', '/');
  bool leaves = text.empty() || text[0] == '/' || text.find(':') != std::string::npos ||
                ("/" + text + "/").find("/../") != std::string::npos;
  if (leaves) return fails(ERR_WRONG_FILENAME), "";
  return std::string(common & FILE_COMMON ? host().common_dir : host().files_dir) + "/" + text;
}
inline void make_folders(const std::string &path) {
  for (size_t at = path.find('/', 1); at != std::string::npos; at = path.find('/', at + 1))
    mkdir(path.substr(0, at).c_str(), 0700);
}
inline File *file_of(int handle) {
  bool is_known = handle > 0 && handle < 64 && files[(size_t)handle].stream;
  return is_known ? &files[(size_t)handle] : (fails(ERR_WRONG_FILEHANDLE), nullptr);
}
// Another handle on the same file is refused unless both share it.
inline bool is_taken(const std::string &path, int flags) {
  for (File &file : files)
    if (file.stream && file.path == path) {
      bool reads = flags & FILE_READ, writes = flags & FILE_WRITE;
      if ((reads && !(file.flags & FILE_SHARE_READ)) || (writes && !(file.flags & FILE_SHARE_WRITE))) return true;
    }
  return false;
}
inline int FileOpen(const string &name, int flags, ushort delimiter = '\t', uint codepage = 0) {
  std::string path = path_of(name, flags);
  if (path.empty()) return INVALID_HANDLE;
  int handle = 1;
  while (handle < 64 && files[(size_t)handle].stream) handle++;
  if (handle == 64) return fails(ERR_TOO_MANY_FILES), INVALID_HANDLE;
  bool reads = flags & FILE_READ, writes = flags & FILE_WRITE;
  if ((!reads && !writes) || is_taken(path, flags)) return fails(ERR_CANNOT_OPEN_FILE), INVALID_HANDLE;
  if (writes) make_folders(path);
  // with FILE_READ and FILE_WRITE what is there stays; with FILE_WRITE alone it is cut off
  FILE *stream = fopen(path.c_str(), reads ? writes ? "r+b" : "rb" : "w+b");
  if (!stream && reads && writes) stream = fopen(path.c_str(), "w+b");
  if (!stream) return fails(errno == ENOENT ? ERR_FILE_NOT_EXIST : ERR_CANNOT_OPEN_FILE), INVALID_HANDLE;
  files[(size_t)handle] = {stream, flags, path, delimiter, codepage};
  return handle;
}
inline void FileClose(int handle) {
  if (File *file = file_of(handle)) fclose(file->stream), *file = File();
}
inline void FileFlush(int handle) {
  if (File *file = file_of(handle)) fflush(file->stream), fsync(fileno(file->stream));
}
inline bool FileSeek(int handle, long64 offset, ENUM_FILE_POSITION origin) {
  File *file = file_of(handle);
  return file && fseek(file->stream, offset, (int)origin) == 0;
}
inline ulong FileTell(int handle) {
  File *file = file_of(handle);
  return file ? (ulong)ftell(file->stream) : 0;
}
inline ulong FileSize(int handle) {
  File *file = file_of(handle);
  struct stat info = {};
  if (!file) return 0;
  fflush(file->stream);
  fstat(fileno(file->stream), &info);
  return (ulong)info.st_size;
}
inline bool FileIsEnding(int handle) {
  File *file = file_of(handle);
  return !file || FileTell(handle) >= FileSize(handle);
}
inline bool FileIsExist(const string &name, int common = 0) {
  std::string path = path_of(name, common);
  return !path.empty() && access(path.c_str(), F_OK) == 0 ? true : fails(ERR_FILE_NOT_EXIST);
}
inline bool FileDelete(const string &name, int common = 0) {
  std::string path = path_of(name, common);
  return !path.empty() && unlink(path.c_str()) == 0 ? true : fails(ERR_FILE_NOT_EXIST);
}
// Searches: the names of a folder that fit, in their order. Windows does not tell capitals from small letters.
struct Search {
  std::vector<std::string> names;
  size_t next = 0;
  bool is_open = false;
};
inline std::vector<Search> &searches = *new std::vector<Search>(1); // a handle is a place in it; 0 is none
inline bool FileFindNext(long64 handle, string &found) {
  bool is_known = handle > 0 && handle < (long64)searches.size() && searches[(size_t)handle].is_open;
  if (!is_known) return fails(ERR_WRONG_FILEHANDLE);
  Search &search = searches[(size_t)handle];
  if (search.next == search.names.size()) return fails(ERR_FILE_NOT_EXIST);
  found = string(search.names[search.next++].c_str());
  return true;
}
inline void FileFindClose(long64 handle) {
  if (handle > 0 && handle < (long64)searches.size()) searches[(size_t)handle] = Search();
}
inline long64 FileFindFirst(const string &filter, string &found, int common = 0) {
  std::string path = path_of(filter, common);
  if (path.empty()) return INVALID_HANDLE;
  size_t slash = path.rfind('/');
  Search search;
  if (DIR *folder = opendir(path.substr(0, slash).c_str())) {
    while (dirent *entry = readdir(folder)) {
      std::string name = entry->d_name;
      if (name == "." || name == ".." || fnmatch(path.c_str() + slash + 1, name.c_str(), FNM_CASEFOLD)) continue;
      search.names.push_back(entry->d_type == DT_DIR ? name + "\\" : name);
    }
    closedir(folder);
  }
  std::sort(search.names.begin(), search.names.end());
  search.is_open = !search.names.empty();
  if (!search.is_open) return fails(ERR_FILE_NOT_EXIST), INVALID_HANDLE;
  searches.push_back(search);
  return FileFindNext((long64)searches.size() - 1, found) ? (long64)searches.size() - 1 : INVALID_HANDLE;
}
inline bool FolderCreate(const string &name, int common = 0) {
  std::string path = path_of(name, common);
  return path.empty() ? false : (make_folders(path + "/"), access(path.c_str(), F_OK) == 0);
}
inline bool FileMove(const string &from, int common, const string &to, int flags) {
  std::string source = path_of(from, common), target = path_of(to, flags);
  if (source.empty() || target.empty()) return false;
  if (access(source.c_str(), F_OK)) return fails(ERR_FILE_NOT_EXIST);
  if (!(flags & FILE_REWRITE) && access(target.c_str(), F_OK) == 0) return fails(ERR_FILE_CANNOT_REWRITE);
  make_folders(target);
  return rename(source.c_str(), target.c_str()) == 0 ? true : fails(ERR_FILE_CANNOT_REWRITE);
}

inline uint put(int handle, const void *bytes, size_t size) {
  File *file = file_of(handle);
  if (!file) return 0;
  if (!(file->flags & FILE_WRITE)) return (uint)fails(ERR_FILE_NOTTOWRITE);
  fseek(file->stream, 0, 1); // C wants this between reading and writing
  size_t written = fwrite(bytes, 1, size, file->stream);
  // MetaTrader's writes reach the system at once; only a flush makes them survive a power cut
  return written < size || fflush(file->stream) ? (uint)fails(ERR_FILE_WRITEERROR) : (uint)written;
}
inline uint get(int handle, void *bytes, size_t size) {
  File *file = file_of(handle);
  if (!file) return 0;
  if (!(file->flags & FILE_READ)) return (uint)fails(ERR_FILE_NOTTOREAD);
  fseek(file->stream, 0, 1);
  size_t count = fread(bytes, 1, size, file->stream);
  if (count < size) fails(ERR_FILE_READERROR);
  return (uint)count;
}
template <class S> uint FileWriteStruct(int handle, const S &value, int size = -1) {
  static_assert(std::is_trivially_copyable_v<S>, "FileWriteStruct: a struct without strings and dynamic arrays");
  return put(handle, &value, size < 0 ? sizeof(S) : std::min((size_t)size, sizeof(S)));
}
template <class S> uint FileReadStruct(int handle, S &value, int size = -1) {
  static_assert(std::is_trivially_copyable_v<S>, "FileReadStruct: a struct without strings and dynamic arrays");
  return get(handle, (void *)&value, size < 0 ? sizeof(S) : std::min((size_t)size, sizeof(S)));
}
template <class A> uint FileWriteArray(int handle, const A &array, int start = 0, int count = -1) {
  typedef element_of<A> Cell;
  static_assert(std::is_trivially_copyable_v<Cell>, "FileWriteArray: elements without strings and dynamic arrays");
  auto view = const_view_of(array);
  count = count < 0 ? view.size() - start : std::min(count, view.size() - start);
  return count <= 0 ? 0 : put(handle, view.data() + start, sizeof(Cell) * (size_t)count) / (uint)sizeof(Cell);
}
template <class A> uint FileReadArray(int handle, A &&array, int start = 0, int count = -1) {
  typedef element_of<A> Cell;
  static_assert(std::is_trivially_copyable_v<Cell>, "FileReadArray: elements without strings and dynamic arrays");
  auto view = view_of(array);
  int left = (int)((FileSize(handle) - FileTell(handle)) / sizeof(Cell));
  count = count < 0 ? left : std::min(count, left);
  if (!view.hold(start + count)) count = view.size() - start;
  return count <= 0 ? 0 : get(handle, (void *)(view.data() + start), sizeof(Cell) * (size_t)count) / (uint)sizeof(Cell);
}
template <class T> uint write_plain(int handle, T value) { return put(handle, &value, sizeof value); }
template <class T> T read_plain(int handle) {
  T value = 0;
  get(handle, &value, sizeof value);
  return value;
}
inline uint FileWriteLong(int handle, long64 value) { return write_plain(handle, value); }
inline uint FileWriteDouble(int handle, double value) { return write_plain(handle, value); }
inline uint FileWriteInteger(int handle, int value, int size = 4) { return put(handle, &value, (size_t)size); }
inline long64 FileReadLong(int handle) { return read_plain<long64>(handle); }
inline double FileReadDouble(int handle) { return read_plain<double>(handle); }
inline int FileReadInteger(int handle, int size = 4) {
  int value = 0;
  get(handle, &value, (size_t)size);
  return size == 1 ? (char)value : size == 2 ? (short)value : value;
}
// Text: UTF-16 unless FILE_ANSI is given, whose code page is that of FileOpen.
inline std::string file_bytes(const File &file, const string &text) {
  if (file.flags & FILE_ANSI) return encoded(text, file.codepage);
  return std::string((const char *)text.units().data(), text.units().size() * 2);
}
inline uint FileWriteString(int handle, const string &text, int length = -1) {
  File *file = file_of(handle);
  if (!file) return 0;
  std::string bytes = file_bytes(*file, length < 0 ? text : StringSubstr(text, 0, length));
  if (!(file->flags & (FILE_ANSI | FILE_BIN)) && FileSize(handle) == 0) put(handle, "\xFF\xFE", 2);
  return put(handle, bytes.data(), bytes.size());
}
// A line of a text file, a field of a CSV file, or `length` characters of a binary one.
inline string FileReadString(int handle, int length = -1) {
  File *file = file_of(handle);
  if (!file) return string("");
  bool is_wide = !(file->flags & FILE_ANSI), is_binary = file->flags & FILE_BIN;
  std::u16string units;
  std::string bytes;
  while (length < 0 || (int)(is_wide ? units.size() : bytes.size()) < length) {
    ushort unit = 0;
    if (FileTell(handle) + (is_wide ? 2 : 1) > FileSize(handle) || !get(handle, &unit, is_wide ? 2 : 1)) break;
    if (unit == 0xFEFF && is_wide) continue;
    if (!is_binary && unit == '\r') continue;
    if (!is_binary && (unit == '\n' || ((file->flags & FILE_CSV) && unit == file->delimiter))) break;
    is_wide ? (void)(units += (char16_t)unit) : (void)(bytes += (char)unit);
  }
  return is_wide ? string(units) : decoded(bytes, file->codepage);
}
template <class... T> uint FileWrite(int handle, const T &...values) {
  File *file = file_of(handle);
  if (!file) return 0;
  string line, separator = file->flags & FILE_CSV ? ShortToString(file->delimiter) : string("");
  int count = 0;
  ((line += (count++ ? separator : string("")) + text_of(values)), ...);
  return FileWriteString(handle, line + string("\r\n"));
}
} // namespace mql
